import { stringifyJson } from "../json/exact.ts";
import { unexpectedStatus } from "./backend-error.ts";
import type { ComfyHttp } from "./http-client.ts";
import { placeInQueue } from "./prompt-queue.ts";
import { timeoutsMs } from "./timeouts.ts";

/**
 * Takes a prompt out of the queue, or interrupts it. In this order: a prompt that begins to run in between is seen
 * running. The interrupt is sent only then, because a ComfyUI that does not know interrupts by id stops whatever
 * runs. A node that blocks runs on until it returns (comfyui-protocol.md §1.2).
 */
export async function cancelPrompt(http: ComfyHttp, promptId: string): Promise<void> {
  const post = async (path: string, body: object): Promise<void> => {
    const { status } = await http.call(path, { method: "POST", body: stringifyJson(body), timeoutMs: timeoutsMs.query });
    if (status !== 200) throw unexpectedStatus(status, "it was asked to cancel a prompt");
  };
  await post("/api/queue", { delete: [promptId] });
  if ((await placeInQueue(http, promptId)) === "running") await post("/api/interrupt", { prompt_id: promptId });
}
