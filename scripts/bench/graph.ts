import type { Graph, GraphNode } from "../../src/graph/graph.ts";

/** A graph of some twenty nodes, about the size of a usual one; no two are the same, so that no cache helps. */
export function benchGraph(seed: number): Graph {
  const graph: Record<string, GraphNode> = { ...slowGraph(seed) };
  for (let index = 0; index < 16; index += 1) {
    const source = `part ${index} of graph ${seed}: ${"a photo of a lighthouse at dusk, ".repeat(4)}`;
    graph[`${100 + index}`] = { class_type: "PreviewAny", inputs: { source } };
  }
  return graph;
}

/** Runs for 100 steps on the stand-in. */
export function slowGraph(seed: number): Graph {
  return {
    "1": { class_type: "Slow", inputs: { steps: 100, delay: 0, preview: true, seed } },
    "2": { class_type: "SaveImage", inputs: { images: ["1", 0], filename_prefix: "bench" } },
  };
}
