import { describe, expect, it } from "vitest";
import { z } from "zod";
import { parseHistoryEntry } from "./history-entry.ts";
import { haveTraces, readTrace } from "./traces.ts";

const graph = { "1": { class_type: "Expand", inputs: {} }, "3": { class_type: "SaveImage", inputs: {} } };

function entry(parts: object): object {
  return { prompt: [0, "p", graph, {}, []], outputs: {}, status: { status_str: "success", completed: true, messages: [] }, meta: {}, ...parts };
}

describe("parseHistoryEntry", () => {
  it.skipIf(!haveTraces)("reads a success with its outputs as they are", () => {
    const parsed = parseHistoryEntry(readTrace("08_partial_validation").history);
    expect(parsed).toEqual({
      failure: null,
      outputs: { "2": { images: [{ filename: "pv_00001_.png", subfolder: "", type: "output" }] } },
      cachedNodeIds: [],
    });
    expect(parseHistoryEntry(readTrace("02_fully_cached").history).cachedNodeIds).toEqual(["1", "2", "3", "4"]);
  });

  it.skipIf(!haveTraces)("reads a failure without traceback and path, and keeps the outputs made before", () => {
    const parsed = parseHistoryEntry(readTrace("05_runtime_error").history);
    expect(parsed.failure).toEqual({
      kind: "error",
      nodeId: "2",
      classType: "SaveImage",
      message: "Saving image outside the output folder is not allowed.",
      exceptionType: "Exception",
    });
    expect(parsed.outputs).toEqual({ "3": { text: ["before"] } });
    expect(JSON.stringify(parsed)).not.toContain("/opt");
  });

  it.skipIf(!haveTraces)("tells an interruption from a failure, and keeps the class of an exception", () => {
    expect(parseHistoryEntry(readTrace("06_interrupted").history).failure).toMatchObject({ kind: "interrupted", nodeId: "1", classType: "Slow" });
    expect(parseHistoryEntry(readTrace("17_oom").history).failure).toMatchObject({ kind: "error", exceptionType: "torch.OutOfMemoryError" });
    expect(parseHistoryEntry(readTrace("11_blocked_with_message").history).failure).toBeNull();
  });

  it.skipIf(!haveTraces)("gives outputs of expanded nodes to the node they came from", () => {
    const { outputs } = parseHistoryEntry(readTrace("13_expanded_subgraph").history);
    expect(Object.keys(outputs).sort()).toEqual(["1", "3"]);
    expect(outputs["1"]).toMatchObject({ images: [{ type: "temp" }] });
  });

  it("joins the outputs of several nodes expanded from one", () => {
    const { outputs } = parseHistoryEntry(
      entry({
        outputs: { "1.0.0.2": { images: [1], text: ["a"] }, "1.0.0.3": { images: [2] }, "1.0.0.4": "odd" },
        meta: { "1.0.0.2": { display_node: "1" }, "1.0.0.3": { display_node: "gone", real_node_id: "1" } },
      }),
    );
    expect(outputs).toEqual({ "1": [{ images: [1, 2], text: ["a"] }, "odd"] });
  });

  it("keeps an id that leads nowhere", () => {
    expect(parseHistoryEntry(entry({ outputs: { "77": { text: [] } } })).outputs).toEqual({ "77": { text: [] } });
  });

  it("reads a failure of which ComfyUI tells nothing", () => {
    const { failure } = parseHistoryEntry(entry({ status: { status_str: "error", completed: false, messages: [] } }));
    expect(failure).toEqual({
      kind: "error",
      nodeId: null,
      classType: null,
      message: "ComfyUI reports that the run failed, and no reason.",
      exceptionType: null,
    });
  });

  it("refuses what is no entry", () => {
    expect(() => parseHistoryEntry({ prompt: [] })).toThrow(z.ZodError);
    expect(() => parseHistoryEntry(null)).toThrow(z.ZodError);
  });
});
