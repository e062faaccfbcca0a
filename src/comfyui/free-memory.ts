import { stringifyJson } from "../json/exact.ts";
import { unexpectedStatus } from "./backend-error.ts";
import type { ComfyHttp } from "./http-client.ts";
import { timeoutsMs } from "./timeouts.ts";

/** POST /free: ComfyUI unloads its models and drops its node cache after the current prompt, or at once when idle. */
export async function freeMemory(http: ComfyHttp): Promise<void> {
  const body = stringifyJson({ unload_models: true, free_memory: true });
  const { status } = await http.call("/api/free", { method: "POST", body, timeoutMs: timeoutsMs.query });
  if (status !== 200) throw unexpectedStatus(status, "it was asked to free its memory");
}
