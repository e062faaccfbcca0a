import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { BackendEvent } from "../comfyui/event.ts";
import type { Graph } from "../graph/graph.ts";
import { ProgressTracker } from "./progress-tracker.ts";

const graph: Graph = {
  "1": { class_type: "EmptyLatentImage", inputs: {} },
  "2": { class_type: "KSampler", inputs: {}, _meta: { title: "The sampler" } },
  "3": { class_type: "VAEDecode", inputs: {} },
  "4": { class_type: "SaveImage", inputs: {} },
};

function trackerAfter(...events: BackendEvent[]): ProgressTracker {
  const tracker = new ProgressTracker(graph);
  for (const event of events) tracker.apply(event);
  return tracker;
}

describe("ProgressTracker", () => {
  it.each(["constructor", "__proto__", "5"])("counts no node that the graph does not have: %s", (nodeId) => {
    const tracker = trackerAfter(
      { type: "cached", nodeIds: ["1", nodeId] },
      { type: "node-started", nodeId },
      { type: "node-progress", nodeId, value: 1, max: 2 },
      { type: "node-finished", nodeId },
    );
    expect(tracker.cachedNodes).toBe(1);
    expect(tracker.snapshot()).toEqual({ percent: 25, completedNodes: 1, totalNodes: 4, currentNode: null });
  });

  it("counts cached and finished nodes and the steps of the running one", () => {
    const tracker = trackerAfter(
      { type: "cached", nodeIds: ["1"] },
      { type: "node-started", nodeId: "2" },
      { type: "node-progress", nodeId: "2", value: 10, max: 20 },
    );
    expect(tracker.snapshot()).toEqual({
      percent: 37.5,
      completedNodes: 1,
      totalNodes: 4,
      currentNode: { id: "2", classType: "KSampler", title: "The sampler", step: 10, steps: 20 },
    });
    expect(tracker.cachedNodes).toBe(1);
  });

  it("weighs a sampler by its steps, so that percent follows the time", () => {
    const tracker = new ProgressTracker({ ...graph, "2": { class_type: "KSampler", inputs: { steps: 17 } } });
    tracker.apply({ type: "node-finished", nodeId: "1" });
    expect(tracker.snapshot().percent).toBe(5);
    tracker.apply({ type: "node-finished", nodeId: "2" });
    expect(tracker.snapshot().percent).toBe(90);
  });

  it("has no current node between two nodes", () => {
    expect(trackerAfter({ type: "node-started", nodeId: "2" }, { type: "node-finished", nodeId: "2" }).snapshot().currentNode).toBeNull();
  });

  it("ignores nodes that are not in the graph, such as those ComfyUI expands", () => {
    expect(trackerAfter({ type: "node-finished", nodeId: "2.0.0.1" }).snapshot().percent).toBe(0);
  });

  it("starts at the percent that was shown before", () => {
    expect(new ProgressTracker(graph, 60).snapshot().percent).toBe(60);
  });

  it("never goes down and stays within 0 and 100, whatever ComfyUI sends", () => {
    const nodeId = fc.constantFrom("1", "2", "3", "4", "nope");
    const event: fc.Arbitrary<BackendEvent> = fc.oneof(
      fc.record({ type: fc.constant("node-started" as const), nodeId }),
      fc.record({ type: fc.constant("node-finished" as const), nodeId }),
      fc.record({ type: fc.constant("cached" as const), nodeIds: fc.array(nodeId) }),
      fc.record({ type: fc.constant("node-progress" as const), nodeId, value: fc.integer({ min: 0, max: 60 }), max: fc.integer({ min: 0, max: 50 }) }),
    );
    fc.assert(
      fc.property(fc.array(event), (events) => {
        const tracker = new ProgressTracker(graph);
        let last = 0;
        for (const each of events) {
          tracker.apply(each);
          const { percent } = tracker.snapshot();
          expect(percent).toBeGreaterThanOrEqual(last);
          expect(percent).toBeLessThanOrEqual(100);
          last = percent;
        }
      }),
    );
  });
});
