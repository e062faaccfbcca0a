import type { JsonValue } from "../json/exact.ts";
import type { Graph } from "./graph.ts";

/** The whole value and nothing else: a prompt that mentions `file:…` is not a reference. */
const reference = /^file:([0-9a-f]{64})$/;

function isReferred(graph: Graph): boolean {
  return Object.values(graph).some(({ inputs }) => Object.values(inputs).some((value) => typeof value === "string" && reference.test(value)));
}

/**
 * Puts the names of uploaded files in place of `file:{id}` in the inputs of a raw graph.
 *
 * @param rename the name below ComfyUI's input folder for a file's id (the SHA-256 of its content in hex); asked once
 *   for each id
 * @returns the graph, the same where nothing is referred to, and the ids it refers to, each once, in the order of the nodes
 */
export function replaceFileReferences(graph: Graph, rename: (fileId: string) => string): { readonly graph: Graph; readonly fileIds: readonly string[] } {
  const names = new Map<string, string>();
  const replaced = (value: JsonValue | undefined): JsonValue | undefined => {
    const id = typeof value === "string" ? reference.exec(value)?.[1] : undefined;
    if (id === undefined) return value;
    const name = names.get(id) ?? rename(id);
    names.set(id, name);
    return name;
  };
  if (!isReferred(graph)) return { graph, fileIds: [] };
  const changed = Object.entries(graph).map(([nodeId, node]) => {
    const inputs = Object.fromEntries(Object.entries(node.inputs).map(([input, value]) => [input, replaced(value)]));
    return [nodeId, { ...node, inputs }] as const;
  });
  return { graph: Object.fromEntries(changed), fileIds: [...names.keys()] };
}
