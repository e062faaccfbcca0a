import { unexpectedStatus } from "./backend-error.ts";
import type { ComfyHttp } from "./http-client.ts";
import { timeoutsMs } from "./timeouts.ts";

/** GET /object_info (comfyui-protocol.md §1.6), as it came. */
export async function readObjectInfo(http: ComfyHttp): Promise<string> {
  const { status, text } = await http.call("/api/object_info", { timeoutMs: timeoutsMs.objectInfo });
  if (status !== 200) throw unexpectedStatus(status, "it was asked for its node classes");
  return text;
}
