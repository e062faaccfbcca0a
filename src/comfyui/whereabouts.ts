import { z } from "zod";
import { parsePythonJson } from "../json/exact.ts";
import type { Whereabouts } from "./backend.ts";
import { unexpectedBody, unexpectedStatus } from "./backend-error.ts";
import type { HistoryEntry } from "./history.ts";
import { parseHistoryEntry } from "./history-entry.ts";
import type { ComfyHttp } from "./http-client.ts";
import { placeInQueue } from "./prompt-queue.ts";
import { timeoutsMs } from "./timeouts.ts";

const doing = "it was asked for a run's history";
const historySchema = z.record(z.string(), z.unknown());

async function finishedRun(http: ComfyHttp, promptId: string): Promise<HistoryEntry | null> {
  const { status, text } = await http.call(`/api/history/${encodeURIComponent(promptId)}`, { timeoutMs: timeoutsMs.query });
  if (status !== 200) throw unexpectedStatus(status, doing);
  try {
    const entry = historySchema.parse(parsePythonJson(text))[promptId];
    return entry === undefined ? null : parseHistoryEntry(entry);
  } catch (error) {
    throw unexpectedBody(doing, error);
  }
}

/**
 * History first, since it is the only proof of an end; then the queue. A run that ends between the two is in
 * neither, so the history is read once more before a prompt counts as absent (comfyui-protocol.md §2.6).
 */
export async function locatePrompt(http: ComfyHttp, promptId: string): Promise<Whereabouts> {
  const entry = await finishedRun(http, promptId);
  if (entry !== null) return { state: "finished", entry };
  const state = await placeInQueue(http, promptId);
  if (state !== null) return { state };
  const late = await finishedRun(http, promptId);
  return late === null ? { state: "absent" } : { state: "finished", entry: late };
}
