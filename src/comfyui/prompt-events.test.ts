import { describe, expect, it } from "vitest";
import { silentLogger } from "../telemetry/logger.ts";
import { parseBinaryFrame } from "./binary-frame.ts";
import type { BackendEvent } from "./event.ts";
import { parseSocketMessage } from "./messages.ts";
import { PromptEvents } from "./prompt-events.ts";
import { haveTraces, readTrace, type Trace } from "./traces.ts";

/** An event in few words. */
function brief(event: BackendEvent): string {
  switch (event.type) {
    case "cached":
      return `cached ${event.nodeIds.join(",")}`;
    case "node-progress":
      return `node-progress ${event.nodeId} ${event.value}/${event.max}`;
    case "node-error":
      return `node-error ${event.nodeId} ${event.classType}: ${event.message}`;
    case "node-started":
    case "node-finished":
    case "node-output":
    case "preview":
      return `${event.type} ${event.nodeId}`;
    default:
      return event.type;
  }
}

function feed(events: PromptEvents, message: object): void {
  const parsed = parseSocketMessage(JSON.stringify(message));
  if (parsed !== null) events.message(parsed);
}

function replay(frames: Trace["ws_owner_a"], promptId: string): string[] {
  const events = new PromptEvents(silentLogger);
  const seen: string[] = [];
  events.subscribe(promptId, (event) => seen.push(brief(event)));
  for (const frame of frames) {
    if ("binary_base64" in frame && typeof frame.binary_base64 === "string") {
      const preview = parseBinaryFrame(Buffer.from(frame.binary_base64, "base64"));
      if (preview !== null) events.preview(preview);
    } else {
      feed(events, frame);
    }
  }
  return seen;
}

function replayTrace(name: string): string[] {
  const trace = readTrace(name);
  const owner = trace.request.client_id === "client-b" ? trace.ws_other_b : trace.ws_owner_a;
  return replay(owner, trace.request.prompt_id);
}

const png = (promptId: string | null) => ({
  source: promptId === null ? null : { promptId, nodeId: "9" },
  contentType: "image/png",
  image: new Uint8Array([1]),
});

describe("PromptEvents", () => {
  it.skipIf(!haveTraces)("tells a run from start to end, each node finished once", () => {
    expect(replayTrace("01_normal")).toEqual([
      "started",
      "cached ",
      ...["4", "1", "2", "3"].flatMap((id) => [
        `node-started ${id}`,
        ...(id === "4" || id === "3" ? [`node-output ${id}`] : []),
        `node-finished ${id}`,
      ]),
      "succeeded",
      "ended",
    ]);
  });

  it.skipIf(!haveTraces)("tells a run that came from the cache alone", () => {
    expect(replayTrace("02_fully_cached")).toEqual([
      "started",
      "cached 1,2,3,4",
      "node-output 3",
      "node-finished 3",
      "node-output 4",
      "node-finished 4",
      "succeeded",
      "ended",
    ]);
  });

  it.skipIf(!haveTraces)("ends a failed run at its end and not at the error, and says nothing of the host", () => {
    expect(replayTrace("05_runtime_error").slice(-3)).toEqual([
      "node-started 2",
      "node-error 2 SaveImage: Saving image outside the output folder is not allowed.",
      "ended",
    ]);
  });

  it.skipIf(!haveTraces)("goes on after a blocked node", () => {
    const seen = replayTrace("11_blocked_with_message");
    expect(seen.slice(-5)).toEqual([
      "node-started 3",
      "node-error 3 SaveImage: Execution Blocked: blocked on purpose",
      "node-finished 3",
      "succeeded",
      "ended",
    ]);
  });

  it.skipIf(!haveTraces)("names the node of the sent graph for nodes that ComfyUI expanded from it", () => {
    const seen = replayTrace("13_expanded_subgraph");
    expect(seen.filter((line) => line.includes("."))).toEqual([]);
    expect(seen).toContain("node-output 1");
    expect(seen.filter((line) => line === "node-finished 1")).toHaveLength(1);
    expect(seen.indexOf("node-finished 1")).toBeGreaterThan(seen.lastIndexOf("node-started 1"));
  });

  it.skipIf(!haveTraces)("carries previews of both kinds to the prompt and node they belong to", () => {
    const expected = [1, 2, 3].map((step) => `node-progress 1 ${step}/3`);
    for (const name of ["14_progress_preview_type4", "15_progress_preview_type1"]) {
      const seen = replayTrace(name);
      expect(seen.filter((line) => line.startsWith("node-progress"))).toEqual(expected);
      expect(seen.filter((line) => line === "preview 1")).toHaveLength(3);
    }
  });

  it.skipIf(!haveTraces)("tells nothing from the frames of a bystander", () => {
    const trace = readTrace("01_normal");
    expect(replay(trace.ws_other_b, trace.request.prompt_id)).toEqual([]);
  });

  it("gives the progress of an expanded node to the node of the graph", () => {
    const events = new PromptEvents(silentLogger);
    const seen: string[] = [];
    events.subscribe("p", (event) => seen.push(brief(event)));
    const state = { state: "running", node_id: "1.0.0.2", display_node_id: "1", real_node_id: "1" };
    feed(events, { type: "progress_state", data: { prompt_id: "p", nodes: { "1.0.0.2": state } } });
    feed(events, { type: "progress", data: { prompt_id: "p", node: "1.0.0.2", value: 1, max: 4 } });
    events.preview(png(null));
    expect(seen).toEqual(["node-progress 1 1/4", "preview 1"]);
  });

  it("never takes another client's preview for ours", () => {
    const events = new PromptEvents(silentLogger);
    const seen: string[] = [];
    events.subscribe("ours", (event) => seen.push(brief(event)));
    events.preview(png(null));
    feed(events, { type: "executing", data: { prompt_id: "ours", node: "1", display_node: "1" } });
    feed(events, { type: "progress", data: { prompt_id: "theirs", node: "7", value: 1, max: 2 } });
    events.preview(png(null));
    events.preview(png("theirs"));
    feed(events, { type: "executing", data: { prompt_id: "ours", node: null } });
    events.preview(png(null));
    events.preview(png("ours"));
    expect(seen).toEqual(["node-started 1", "ended", "preview 9"]);
  });

  it("ignores the greeting after a reconnect, which names no prompt", () => {
    const events = new PromptEvents(silentLogger);
    const seen: string[] = [];
    events.subscribe("p", (event) => seen.push(brief(event)));
    feed(events, { type: "executing", data: { node: "1" } });
    expect(seen).toEqual([]);
  });

  it("tells every listener of a gap, and one who unsubscribed nothing more", () => {
    const events = new PromptEvents(silentLogger);
    const seen: string[] = [];
    const leave = events.subscribe("p", () => seen.push("first"));
    events.subscribe("p", () => seen.push("second"));
    events.subscribe("q", () => seen.push("third"));
    events.gap();
    leave();
    events.gap();
    expect(seen).toEqual(["first", "second", "third", "second", "third"]);
  });

  it("remembers nothing of a prompt once nobody listens", () => {
    const events = new PromptEvents(silentLogger);
    const seen: string[] = [];
    const finished = { type: "progress_state", data: { prompt_id: "p", nodes: { "1": { state: "finished", node_id: "1" } } } };
    const leave = events.subscribe("p", (event) => seen.push(brief(event)));
    feed(events, finished);
    feed(events, finished);
    leave();
    events.subscribe("p", (event) => seen.push(brief(event)));
    feed(events, finished);
    expect(seen).toEqual(["node-finished 1", "node-finished 1"]);
  });

  it("gives the others their events when one listener fails", () => {
    const logged: string[] = [];
    const events = new PromptEvents({ ...silentLogger, error: (_, message) => logged.push(message) });
    const seen: string[] = [];
    events.subscribe("p", () => {
      throw new Error("broken listener");
    });
    events.subscribe("p", (event) => seen.push(event.type));
    feed(events, { type: "execution_start", data: { prompt_id: "p" } });
    expect(seen).toEqual(["started"]);
    expect(logged).toHaveLength(1);
  });
});
