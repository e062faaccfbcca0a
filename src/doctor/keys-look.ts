import { stat } from "node:fs/promises";
import { KeysError } from "../access/keys-error.ts";
import { loadKeys } from "../access/load-keys.ts";
import type { Config } from "../config/config.ts";
import { isLoopback } from "../config/loopback.ts";
import type { Finding } from "./finding.ts";

/** Permission to read for anybody but the owner and his group. */
const readableByAll = 0o004;

/** Whether the door is closed to strangers, and the keys can be read. */
export async function lookAtKeys(config: Config): Promise<readonly Finding[]> {
  const { apiKeys, apiKeysFile, host } = config;
  if (apiKeys === null && apiKeysFile === null) {
    if (isLoopback(host)) return [{ area: "keys", status: "ok", message: "There are no API keys; only this machine can reach the gateway" }];
    return [{ area: "keys", status: "warning", message: `There are no API keys, and everybody who reaches ${host} may use the gateway`, fix: "Make a key: comfyui-api keys create" }];
  }
  try {
    const defaults = { requestsPerMinute: config.keyRequestsPerMinute, maxRunning: config.keyMaxRunning, maxQueued: config.keyMaxQueued };
    const keys = await loadKeys({ variable: apiKeys, file: apiKeysFile, defaults });
    return [{ area: "keys", status: "ok", message: `${keys.length} API key${keys.length === 1 ? "" : "s"}: ${keys.map(({ name }) => name).join(", ")}` }, ...(await openFile(apiKeysFile))];
  } catch (error) {
    if (!(error instanceof KeysError)) throw error;
    return [{ area: "keys", status: "failure", message: apiKeysFile === null ? error.message : `${error.message} It is ${apiKeysFile}`, fix: "The gateway does not start so. `comfyui-api keys create` shows how an entry looks" }];
  }
}

async function openFile(path: string | null): Promise<readonly Finding[]> {
  if (path === null) return [];
  const { mode } = await stat(path);
  if ((mode & readableByAll) === 0) return [];
  return [{ area: "keys", status: "warning", message: `Every user of this machine can read ${path}`, fix: `chmod 600 ${path}` }];
}
