import { readFile } from "node:fs/promises";
import type { ApiKey, KeyLimits } from "./api-key.ts";
import { KeysError } from "./keys-error.ts";
import { checkNames, readKeysFile, readKeysVariable } from "./keys-text.ts";

interface LoadKeys {
  /** Of API_KEYS. */
  readonly variable: string | null;
  readonly file: string | null;
  /** Of a key that has none of its own. */
  readonly defaults: KeyLimits;
}

async function text(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    throw new KeysError("The file of API keys cannot be read.", { cause });
  }
}

/**
 * All keys that were set.
 *
 * @throws {KeysError} also when something was set and holds no key, which would leave the door open
 */
export async function loadKeys({ variable, file, defaults }: LoadKeys): Promise<readonly ApiKey[]> {
  const keys = [
    ...(variable === null ? [] : readKeysVariable(variable, defaults)),
    ...(file === null ? [] : readKeysFile(await text(file), defaults)),
  ];
  if (keys.length === 0 && (variable !== null || file !== null)) throw new KeysError("API keys are asked for, and there is none. Make one with `comfyui-api keys create`.");
  checkNames(keys);
  return keys;
}
