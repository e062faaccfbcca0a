import { open } from "node:fs/promises";
import type { KeyLimits } from "./api-key.ts";
import { KeysError } from "./keys-error.ts";
import { keyEntry, readKeysFile } from "./keys-text.ts";
import type { Scope } from "./scope.ts";

/** Keys are known to whoever runs the gateway alone. A file that is there keeps its mode and owner. */
const newFileMode = 0o600;

/** Of no account: only names are looked at. */
const anyLimits: KeyLimits = { requestsPerMinute: 1, maxRunning: 1, maxQueued: 1 };

interface NewKey {
  readonly name: string;
  readonly hash: string;
  readonly scopes: readonly Scope[];
}

function isKeysFile(text: string): boolean {
  try {
    readKeysFile(text, anyLimits);
    return true;
  } catch (error) {
    if (error instanceof KeysError) return false;
    throw error;
  }
}

/** What to write behind what is there, so that comments and order stay. */
function addition(before: string, key: NewKey): string {
  const isEmpty = before.trim() === "";
  const added = `${before === "" || before.endsWith("\n") ? "" : "\n"}${isEmpty ? "keys:\n" : ""}${keyEntry(key)}`;
  if (!isKeysFile(before + added)) {
    throw new KeysError(
      isKeysFile(before)
        ? "The list in the file of API keys cannot be added to at its end. Write it as lines that begin with two spaces and a dash."
        : "The file of API keys is not right as it is; `comfyui-api keys list` says where.",
    );
  }
  if (readKeysFile(before + added, anyLimits).filter(({ name }) => name === key.name).length > 1) {
    throw new KeysError(`There is an API key called ${key.name}. A name is the owner of jobs: give this key another, or take the old entry out of the file first.`);
  }
  return added;
}

/**
 * Puts a key at the end of the file of keys, which is made when there is none.
 *
 * @throws {KeysError} when the name is taken, or the file cannot be added to; it is then as it was
 */
export async function addKey(path: string, key: NewKey): Promise<void> {
  try {
    const file = await open(path, "a+", newFileMode);
    try {
      // In one piece: the entry is there or not.
      await file.appendFile(addition(await file.readFile("utf8"), key));
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (cause) {
    throw cause instanceof KeysError ? cause : new KeysError("The file of API keys cannot be written.", { cause });
  }
}
