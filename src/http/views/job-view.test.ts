import { describe, expect, it } from "vitest";
import { exampleJob } from "../../job/example-job.ts";
import { JobSchema, viewJob } from "./job-view.ts";

const createdAt = Date.parse("2026-01-01T00:00:00Z");
const progress = { percent: 53.3, completedNodes: 8, totalNodes: 15, currentNode: { id: "3", classType: "KSampler", title: "Sampler", step: 9, steps: 20 } };

describe("viewJob", () => {
  it("shows a waiting job with its place in the queue and nothing that has not happened", () => {
    expect(viewJob(exampleJob(), { queuePosition: 2 })).toMatchObject({
      status: "queued",
      queue_position: 2,
      created_at: "2026-01-01T00:00:00.000Z",
      started_at: null,
      completed_at: null,
      progress: null,
      metrics: { queue_seconds: null, execution_seconds: null, cached_nodes: null },
    });
  });

  it("shows where a running job is", () => {
    expect(viewJob(exampleJob({ status: "running", startedAt: createdAt + 100, progress }))).toMatchObject({
      progress: { percent: 53.3, completed_nodes: 8, total_nodes: 15, current_node: { id: "3", class_type: "KSampler", step: 9, steps: 20 } },
      metrics: { queue_seconds: 0.1, execution_seconds: null },
    });
  });

  it("shows a completed job as complete, whatever was told of its progress last", () => {
    const job = exampleJob({ status: "completed", startedAt: createdAt + 100, completedAt: createdAt + 4300, progress, cachedNodes: 0 });
    expect(viewJob(job)).toMatchObject({
      progress: { percent: 100, completed_nodes: 15, current_node: null },
      metrics: { queue_seconds: 0.1, execution_seconds: 4.2, cached_nodes: 0 },
    });
  });

  it("shows no negative duration when the clock stepped back", () => {
    expect(viewJob(exampleJob({ startedAt: createdAt - 5 })).metrics.queue_seconds).toBe(0);
  });

  it("shows an error with what the table says of its code", () => {
    const error = { code: "comfyui_out_of_memory", detail: "Node 3 ran out of memory.", errors: [] } as const;
    expect(viewJob(exampleJob({ status: "failed", error })).error).toEqual({ ...error, title: "ComfyUI ran out of memory", status: 502, retryable: true, errors: [] });
  });

  it("is what the document declares", () => {
    const output = { index: 0, nodeId: "1", kind: "text", filename: "a.txt", contentType: "text/plain", size: 5, sha256: "ab", text: "hello" } as const;
    const view = viewJob(exampleJob({ progress, outputs: [output], warnings: [{ code: "node_error", message: "odd", nodeId: "1" }] }));
    expect(JobSchema.parse(view)).toEqual(view);
    expect(view.outputs).toMatchObject([{ node_id: "1", url: `/v1/jobs/${view.id}/outputs/0`, text: "hello" }]);
  });
});
