import { describe, expect, it } from "vitest";
import type { RunFailure } from "../comfyui/history.ts";
import { exampleJob } from "../job/example-job.ts";
import { errorOfRejection, errorOfRun } from "./verdict.ts";

const job = exampleJob({
  workflow: "demo/pic",
  graph: { "5": { class_type: "KSampler", inputs: { steps: 3, cfg: 2 }, _meta: { title: "Sampler" } } },
  origins: { "5/steps": "/steps" },
});

function runWith(failure: Partial<RunFailure> | null) {
  const full = failure && { kind: "error" as const, nodeId: "5", classType: "KSampler", message: "It broke", exceptionType: "ValueError", ...failure };
  return errorOfRun(job, { failure: full, outputs: {}, cachedNodeIds: [] });
}

describe("errorOfRun", () => {
  it("has no error for a success", () => {
    expect(runWith(null)).toBeNull();
  });

  it("names the node and the request's field when only one field sets that node", () => {
    expect(runWith({})).toEqual({
      code: "comfyui_node_failed",
      detail: "Node 5 (Sampler): It broke",
      errors: [{ pointer: "/steps", message: "It broke", node_id: "5", class_type: "KSampler" }],
    });
  });

  it("tells out of memory from other failures", () => {
    expect(runWith({ exceptionType: "torch.OutOfMemoryError" })?.code).toBe("comfyui_out_of_memory");
  });

  it("tells an interrupt from a failure", () => {
    expect(runWith({ kind: "interrupted" })?.code).toBe("comfyui_interrupted");
  });
});

describe("errorOfRejection", () => {
  it("points at the field that set the refused input, and at the whole body when none did", () => {
    const at = (input: string) => ({ pointer: `/graph/5/inputs/${input}`, message: "no", node_id: "5", class_type: "KSampler" });
    const error = errorOfRejection(job, { detail: "Refused", errors: [at("steps"), at("cfg")] });
    expect(error.code).toBe("comfyui_rejected");
    expect(error.errors.map(({ pointer }) => pointer)).toEqual(["/steps", ""]);
  });

  it("keeps the pointer into the graph for a raw graph", () => {
    const raw = exampleJob({ workflow: null });
    const fault = { pointer: "/graph/5", message: "no", node_id: "5", class_type: "X" };
    expect(errorOfRejection(raw, { detail: "Refused", errors: [fault] }).errors).toEqual([fault]);
  });
});
