import { z } from "zod";
import { parsePythonJson } from "../json/exact.ts";
import { unexpectedBody, unexpectedStatus } from "./backend-error.ts";
import type { ComfyHttp } from "./http-client.ts";
import { timeoutsMs } from "./timeouts.ts";

const doing = "it was asked for its queue";

/** `[number, prompt_id, …]`: the graph and the rest are not looked at (comfyui-protocol.md §1.2). */
const item = z.tuple([z.unknown(), z.string()], z.unknown());
const queueSchema = z.looseObject({ queue_running: z.array(item), queue_pending: z.array(item) });

/** Where in ComfyUI's queue a prompt is; null: nowhere. */
export async function placeInQueue(http: ComfyHttp, promptId: string): Promise<"running" | "waiting" | null> {
  const { status, text } = await http.call("/api/queue", { timeoutMs: timeoutsMs.query });
  if (status !== 200) throw unexpectedStatus(status, doing);
  let queue: z.infer<typeof queueSchema>;
  try {
    queue = queueSchema.parse(parsePythonJson(text));
  } catch (error) {
    throw unexpectedBody(doing, error);
  }
  if (queue.queue_running.some(([, id]) => id === promptId)) return "running";
  return queue.queue_pending.some(([, id]) => id === promptId) ? "waiting" : null;
}
