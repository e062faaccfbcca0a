import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { AppError } from "../../errors/app-error.ts";
import { isBusy } from "./sqlite-error.ts";

/** Held for the life of a store. */
export interface DirectoryLock {
  release(): void;
}

/**
 * Makes sure that one gateway alone uses a data directory. An open exclusive transaction on an empty database of its
 * own is the lock: the kernel drops it when the process ends, however it ends, so there is no stale lock to clear,
 * and the job database itself stays readable for backups.
 *
 * @throws {AppError} `storage_failed` when another gateway holds it
 */
export function lockDirectory(directory: string): DirectoryLock {
  const database = new DatabaseSync(join(directory, "gateway.lock"), { timeout: 0 });
  try {
    database.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    database.close();
    if (!isBusy(error)) throw error;
    throw new AppError(
      "storage_failed",
      "Another gateway is using this data directory. Stop it, or give this one a directory of its own with --data-dir.",
      { cause: error },
    );
  }
  return { release: () => database.close() };
}
