import { describe, expect, it } from "vitest";
import { silentLogger } from "../telemetry/logger.ts";
import type { BackendEvent } from "./event.ts";
import { parseHistoryEntry } from "./history-entry.ts";
import { parseSocketMessage } from "./messages.ts";
import { PromptEvents } from "./prompt-events.ts";
import { ToldRun } from "./told-run.ts";
import { haveTraces, readTrace } from "./traces.ts";
import { filesAndTexts } from "./ui-output.ts";

const started: BackendEvent = { type: "started" };
const nothingCached: BackendEvent = { type: "cached", nodeIds: [] };
const output: BackendEvent = { type: "node-output", nodeId: "9", ui: { images: [{ filename: "a.png", subfolder: "", type: "output" }] } };
const succeeded: BackendEvent = { type: "succeeded" };
const ended: BackendEvent = { type: "ended" };
const whole = [started, nothingCached, output, succeeded, ended];

function tell(events: readonly BackendEvent[]): ToldRun {
  const told = new ToldRun();
  for (const event of events) told.apply(event);
  return told;
}

describe("a run that the socket told", () => {
  it("needs no history when every part of it was told", () => {
    expect(tell(whole).entry).toEqual({ failure: null, outputs: {}, cachedNodeIds: [] });
  });

  it.each<[string, readonly BackendEvent[]]>([
    ["has not succeeded", [started, nothingCached, output, ended]],
    ["made nothing that was told", [started, nothingCached, succeeded, ended]],
    ["took nodes from the cache, whose outputs of earlier runs only the history lists", [started, { type: "cached", nodeIds: ["9"] }, output, succeeded, ended]],
    ["never said what came from the cache", [started, output, succeeded, ended]],
    ["was not told from its start", [nothingCached, output, succeeded, ended]],
    ["was told with a gap, whatever came after it", [started, { type: "gap" }, nothingCached, output, succeeded, ended]],
    ["had a node complain", [started, nothingCached, { type: "node-error", nodeId: "3", classType: "A", message: "blocked" }, output, succeeded, ended]],
  ])("is looked up when it %s", (_, events) => {
    expect(tell(events).entry).toBeNull();
  });

  const runs = [
    ...["01_normal", "02_fully_cached", "03_partly_cached", "05_runtime_error", "06_interrupted", "08_partial_validation", "11_blocked_with_message"],
    ...["12_list_outputs", "13_expanded_subgraph", "14_progress_preview_type4", "15_progress_preview_type1", "16_text_type3_and_gifs", "17_oom"],
    "19_video_audio_animated",
  ];

  it.skipIf(!haveTraces)("has of each recorded run what ComfyUI's history has, or leaves it to the history", () => {
    const told: string[] = [];
    for (const name of runs) {
      const trace = readTrace(name);
      const promptId = trace.request.prompt_id;
      const events = new PromptEvents(silentLogger);
      const run = new ToldRun();
      const outputs = new Map<string, unknown[]>();
      events.subscribe(promptId, (event) => {
        run.apply(event);
        if (event.type === "node-output") outputs.set(event.nodeId, [...(outputs.get(event.nodeId) ?? []), ...filesAndTexts(event.ui).files]);
      });
      for (const frame of trace.request.client_id === "client-b" ? trace.ws_other_b : trace.ws_owner_a) {
        if (!("type" in frame)) continue;
        const message = parseSocketMessage(JSON.stringify(frame));
        if (message !== null) events.message(message);
      }
      if (run.entry === null) continue;
      told.push(name);
      const history = parseHistoryEntry(trace.history);
      expect(run.entry, name).toEqual({ ...history, outputs: {} });
      for (const [nodeId, ui] of Object.entries(history.outputs)) expect(outputs.get(nodeId), `${name} ${nodeId}`).toEqual(filesAndTexts(ui).files);
    }
    expect(told).toContain("01_normal");
  });
});
