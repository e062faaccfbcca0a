import { AppError } from "../../errors/app-error.ts";

/** Primary result codes (sqlite.org/rescode.html); an extended code carries its primary one in the low byte. */
const advice: ReadonlyMap<number, string> = new Map([
  [5, "Another program holds the job database. Close it and try again."],
  [6, "Another program holds the job database. Close it and try again."],
  [8, "The gateway may not write to its data directory. Check its permissions and that it is not mounted read-only."],
  [10, "The disk of the data directory reported an error. Check the disk and its free space."],
  [11, "The job database is damaged. Restore it from a backup, or start with a new data directory."],
  [13, "The disk of the data directory is full. Free some space and try again."],
  [14, "The gateway cannot open its job database. Check that the data directory exists and may be written to."],
  [23, "The gateway may not write to its data directory. Check its permissions."],
  [26, "The job database is not one: another file lies in its place. Move it away, or choose another data directory."],
]);

const constraint = 19;

function resultCode(error: unknown): number | null {
  if (!(error instanceof Error) || !("errcode" in error) || typeof error.errcode !== "number") return null;
  return error.errcode & 0xff;
}

/** What the caller of a store is told when a call into SQLite, or reading what it gave, failed. */
export function toStoreError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  const code = resultCode(error);
  // A broken constraint is a fault of ours, not of the medium.
  if (code === constraint) return AppError.from(error);
  const detail = (code === null ? undefined : advice.get(code)) ?? "The gateway could not use its job database. The log has the cause.";
  return new AppError("storage_failed", detail, { cause: error });
}

/** Whether SQLite refused because someone else holds the lock. */
export function isBusy(error: unknown): boolean {
  const code = resultCode(error);
  return code === 5 || code === 6;
}
