import { isJsonObject, type JsonValue, parsePythonJson } from "../../json/exact.ts";
import { isJsonArray, isJsonValue, scalarText } from "../json-value.ts";
import { placeInJson } from "../source/json-source.ts";
import type { TextPlace } from "../source/source-problem.ts";

function documentOf(text: string): JsonValue | undefined {
  try {
    const value = parsePythonJson(text);
    return isJsonValue(value) ? value : undefined;
  } catch {
    // Not JSON, but a picture: there is no line to name.
    return undefined;
  }
}

/** The path to a node of a list, by its id. */
function inList(nodes: JsonValue | undefined, id: string): string | null {
  if (!isJsonArray(nodes)) return null;
  const index = nodes.findIndex((node) => isJsonObject(node) && scalarText(node["id"]) === id);
  return index === -1 ? null : String(index);
}

function pathToNode(document: JsonValue | undefined, nodeId: string): readonly string[] | null {
  if (!isJsonObject(document)) return null;
  const id = nodeId.split(":").at(-1) ?? nodeId;
  const isNested = nodeId.includes(":");
  const top = isNested ? null : inList(document["nodes"], id);
  if (top !== null) return ["nodes", top];
  const definitions = isJsonObject(document["definitions"]) ? document["definitions"]["subgraphs"] : undefined;
  if (isJsonArray(definitions)) {
    for (const [at, definition] of definitions.entries()) {
      const inner = isJsonObject(definition) ? inList(definition["nodes"], id) : null;
      if (inner !== null) return ["definitions", "subgraphs", String(at), "nodes", inner];
    }
  }
  // A node of an instance that cannot be found: the instance.
  const instance = inList(document["nodes"], nodeId.split(":")[0] ?? nodeId);
  return instance === null ? null : ["nodes", instance];
}

/** Where a node of an export stands in its file, by its execution id. */
export function placeOfNode(bytes: Uint8Array, nodeId: string): TextPlace | null {
  const text = Buffer.from(bytes).toString("utf8").replace(/^\uFEFF/, "");
  const path = pathToNode(documentOf(text), nodeId);
  return path === null ? null : placeInJson(text, path);
}
