import { isDeepStrictEqual } from "node:util";
import { jsonPointer } from "../errors/pointer.ts";
import type { Graph } from "../graph/graph.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../json/exact.ts";
import { isJsonArray, setAt } from "./json-value.ts";
import { propertiesOf, resolveNode } from "./schema-node.ts";
import type { Workflow } from "./workflow.ts";

/** Each field costs one more run of the module. */
const maxFields = 200;
/** Fields times nodes: what a module of many fields and a large graph may cost, some 100 ms. */
const maxComparedNodes = 20_000;

interface Leaf {
  readonly path: readonly string[];
  readonly value: string | number | bigint | boolean;
}

function leavesOf(value: JsonValue | undefined, path: readonly string[]): readonly Leaf[] {
  if (isJsonArray(value)) return value.flatMap((item, index) => leavesOf(item, [...path, String(index)]));
  if (isJsonObject(value)) return Object.entries(value).flatMap(([name, member]) => leavesOf(member, [...path, name]));
  return value === null || value === undefined ? [] : [{ path, value }];
}

function schemaAt(root: JsonObject, path: readonly string[]): JsonObject {
  let node = root;
  for (const part of path) {
    const properties = propertiesOf(node);
    node = resolveNode(root, Object.hasOwn(properties, part) ? properties[part] : node["items"]);
  }
  return node;
}

function otherNumber(value: number | bigint, node: JsonObject): number | bigint {
  const step = typeof node["multipleOf"] === "number" ? node["multipleOf"] : 1;
  if (typeof value === "bigint") return value > 0n ? value - 1n : value + 1n;
  const maximum = typeof node["maximum"] === "number" ? node["maximum"] : Number.MAX_SAFE_INTEGER;
  return value + step <= maximum ? value + step : value - step;
}

/** Another value of the same type, allowed by the schema where that is easy to see. */
function otherValue(value: Leaf["value"], node: JsonObject): JsonValue {
  if (typeof value === "boolean") return !value;
  if (typeof value !== "string") return otherNumber(value, node);
  const options = node["enum"];
  const option = isJsonArray(options) ? options.find((candidate) => candidate !== value) : undefined;
  // Marked at both ends, so that neither trimming nor cutting hides the change; an extension stays one.
  return option ?? `~${value.replace(/(\.[a-z0-9]{1,5})?$/i, "~$1")}`;
}

/** Most inputs are literals, where the deep comparison takes longer than all the rest. */
function isSame(one: JsonValue | undefined, other: JsonValue | undefined): boolean {
  return Object.is(one, other) || (typeof one === "object" && isDeepStrictEqual(one, other));
}

function changedInputs(graph: Graph, other: Graph): readonly string[] {
  return Object.entries(graph).flatMap(([nodeId, node]) => {
    const counterpart = other[nodeId];
    if (counterpart === undefined || counterpart.class_type !== node.class_type) return [];
    return Object.keys(node.inputs).flatMap((input) =>
      isSame(node.inputs[input], counterpart.inputs[input]) ? [] : [`${nodeId}/${input}`],
    );
  });
}

function generateOr(workflow: Workflow, inputs: JsonValue, otherwise: Graph): Graph {
  if (!isJsonObject(inputs)) return otherwise;
  try {
    return workflow.generate(inputs);
  } catch {
    // The changed value is ours, not the caller's: a module may refuse it, and then the field sets nothing we can see.
    return otherwise;
  }
}

/**
 * Finds which field of the request sets which graph input, by changing one field at a time and generating again.
 *
 * @param inputs what `graph` was generated from
 * @returns `"nodeId/inputName"` → JSON pointer into the request; the first field that sets an input names it
 */
export function traceOrigins(workflow: Workflow, inputs: JsonObject, graph: Graph): Readonly<Record<string, string>> {
  const origins = new Map<string, string>();
  // A module that is not a pure function changes these by itself.
  const restless = new Set(changedInputs(graph, generateOr(workflow, inputs, graph)));
  const limit = Math.min(maxFields, Math.floor(maxComparedNodes / Object.keys(graph).length));
  for (const leaf of leavesOf(inputs, []).slice(0, limit)) {
    const changed = setAt(inputs, leaf.path, otherValue(leaf.value, schemaAt(workflow.inputSchema, leaf.path)));
    for (const input of changedInputs(graph, generateOr(workflow, changed, graph))) {
      if (!origins.has(input) && !restless.has(input)) origins.set(input, jsonPointer(leaf.path));
    }
  }
  return Object.fromEntries(origins);
}
