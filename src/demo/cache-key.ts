import { createHash } from "node:crypto";
import { isLink } from "../graph/graph.ts";
import { stringifyJson, type JsonValue } from "../json/exact.ts";
import type { RunGraph } from "./run-graph.ts";

export interface KeyedClass {
  /** Whether the class asks for UNIQUE_ID: then its own id is part of the key. */
  readonly usesUniqueId: boolean;
  /** The fingerprint of this node now; a fresh value each time when it must always run. */
  readonly fingerprint: JsonValue;
}

/**
 * The cache key of a node: class, literals and fingerprint of the node and of everything above it, ids left out
 * (comfyui-protocol.md §3.1).
 */
export function cacheKey(graph: RunGraph, nodeId: string, classOf: (nodeId: string) => KeyedClass): string {
  const order = new Map<string, number>();
  collectAncestors(graph, nodeId, order);
  const hash = createHash("sha256");
  for (const id of [nodeId, ...order.keys()]) hash.update(`${stringifyJson(ownPart(graph, id, order, classOf))}\n`);
  return hash.digest("hex");
}

function sortedInputs(graph: RunGraph, nodeId: string): [string, JsonValue | undefined][] {
  return Object.entries(graph.node(nodeId).inputs).sort(([a], [b]) => (a < b ? -1 : 1));
}

function collectAncestors(graph: RunGraph, nodeId: string, order: Map<string, number>): void {
  for (const [, value] of sortedInputs(graph, nodeId)) {
    if (!isLink(value) || order.has(value[0]) || !graph.has(value[0])) continue;
    order.set(value[0], order.size);
    collectAncestors(graph, value[0], order);
  }
}

function ownPart(graph: RunGraph, nodeId: string, order: ReadonlyMap<string, number>, classOf: (nodeId: string) => KeyedClass): JsonValue {
  const keyed = classOf(nodeId);
  const inputs = sortedInputs(graph, nodeId).map(([name, value]): JsonValue => {
    if (isLink(value)) return [name, "ancestor", order.get(value[0]) ?? null, value[1]];
    return [name, "literal", value ?? null];
  });
  return [graph.node(nodeId).class_type, keyed.fingerprint, keyed.usesUniqueId ? nodeId : null, inputs];
}
