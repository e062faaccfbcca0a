import type { Graph } from "../../src/graph/graph.ts";
import { stringifyJson, type JsonValue } from "../../src/json/exact.ts";

/** One difference between two graphs. */
export interface Difference {
  readonly nodeId: string;
  readonly classType: string;
  readonly input?: string;
  readonly kind: "missing_node" | "extra_node" | "class" | "missing_input" | "extra_input" | "link" | "value";
  readonly expected?: string;
  readonly actual?: string;
}

/** Entries that upload buttons left in graphs of older front ends, which ComfyUI ignores (fixtures/README.md). */
function isUploadButton(name: string, value: JsonValue | undefined): boolean {
  return (name === "upload" || name === "choose file to upload") && (value === "image" || value === "video" || value === false);
}

function text(value: JsonValue | undefined): string {
  return value === undefined ? "nothing" : stringifyJson({ value }).slice(9, -1);
}

function isLinkLike(value: JsonValue | undefined): boolean {
  return Array.isArray(value);
}

/** Compares classes, inputs and links; titles and cache keys (`_meta`, `is_changed`) are no part of what runs. */
export function compareGraphs(expected: Graph, actual: Graph): Difference[] {
  const differences: Difference[] = [];
  for (const [nodeId, node] of Object.entries(expected)) {
    const other = actual[nodeId];
    const classType = node.class_type;
    if (other === undefined) {
      differences.push({ nodeId, classType, kind: "missing_node" });
      continue;
    }
    if (other.class_type !== classType) differences.push({ nodeId, classType, kind: "class", expected: classType, actual: other.class_type });
    for (const input of new Set([...Object.keys(node.inputs), ...Object.keys(other.inputs)])) {
      const [wanted, given] = [node.inputs[input], other.inputs[input]];
      if (isUploadButton(input, wanted ?? given) || text(wanted) === text(given)) continue;
      const about = { nodeId, classType, input, expected: text(wanted), actual: text(given) };
      if (wanted === undefined) differences.push({ ...about, kind: "extra_input" });
      else if (given === undefined) differences.push({ ...about, kind: "missing_input" });
      else differences.push({ ...about, kind: isLinkLike(wanted) || isLinkLike(given) ? "link" : "value" });
    }
  }
  for (const [nodeId, node] of Object.entries(actual)) {
    if (expected[nodeId] === undefined) differences.push({ nodeId, classType: node.class_type, kind: "extra_node" });
  }
  return differences;
}
