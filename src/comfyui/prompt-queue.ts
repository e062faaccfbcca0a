import { z } from "zod";
import { parsePythonJson } from "../json/exact.ts";
import { unexpectedBody, unexpectedStatus } from "./backend-error.ts";
import type { ComfyHttp } from "./http-client.ts";
import { timeoutsMs } from "./timeouts.ts";

const doing = "it was asked for its queue";

/** `[number, prompt_id, …]`: the graph and the rest are not looked at (comfyui-protocol.md §1.2). */
const item = z.tuple([z.unknown(), z.string()], z.unknown());
const queueSchema = z.looseObject({ queue_running: z.array(item), queue_pending: z.array(item) });

/** Prompt ids, those of other clients included. `waiting` is in no particular order. */
export interface PromptQueue {
  readonly running: readonly string[];
  readonly waiting: readonly string[];
}

export async function readQueue(http: ComfyHttp): Promise<PromptQueue> {
  const { status, text } = await http.call("/api/queue", { timeoutMs: timeoutsMs.query });
  if (status !== 200) throw unexpectedStatus(status, doing);
  try {
    const { queue_running: running, queue_pending: waiting } = queueSchema.parse(parsePythonJson(text));
    return { running: running.map(([, id]) => id), waiting: waiting.map(([, id]) => id) };
  } catch (error) {
    throw unexpectedBody(doing, error);
  }
}

/** Where in ComfyUI's queue a prompt is; null: nowhere. */
export async function placeInQueue(http: ComfyHttp, promptId: string): Promise<"running" | "waiting" | null> {
  const { running, waiting } = await readQueue(http);
  if (running.includes(promptId)) return "running";
  return waiting.includes(promptId) ? "waiting" : null;
}
