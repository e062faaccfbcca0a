import { PNG } from "pngjs";
import type { Graph } from "../../src/graph/graph.ts";

/** A slow node, and what becomes of it. Made for the stand-in, whose `Slow` takes its steps and needs no model. */
export function slowGraph({ steps = 5, seed = 1 }: { readonly steps?: number; readonly seed?: number } = {}): Graph {
  return {
    "1": { class_type: "Slow", inputs: { steps, delay: 0, preview: false, seed } },
    "2": { class_type: "SaveImage", inputs: { images: ["1", 0], filename_prefix: "slow" } },
  };
}

export const slowOutputs = ["slow_00001_.png"];

/** Without the slow node, so that what holds that one does not hold this. */
export function quickGraph(color: number): Graph {
  return {
    "1": { class_type: "EmptyImage", inputs: { width: 16, height: 16, batch_size: 1, color } },
    "2": { class_type: "SaveImage", inputs: { images: ["1", 0], filename_prefix: "quick" } },
  };
}

export const quickOutputs = ["quick_00001_.png"];

/** With an input file and three outputs: every stage of a job has something to do. */
export function fullGraph(reference: string): Graph {
  return {
    ...slowGraph(),
    "3": { class_type: "LoadImage", inputs: { image: reference } },
    "4": { class_type: "SaveImage", inputs: { images: ["3", 0], filename_prefix: "copy" } },
    "5": { class_type: "PreviewAny", inputs: { source: "hello" } },
  };
}

export const fullOutputs = ["slow_00001_.png", "copy_00001_.png", "2.txt"];

export function picture(): Uint8Array<ArrayBuffer> {
  return new Uint8Array(PNG.sync.write(new PNG({ width: 8, height: 8, fill: true })));
}
