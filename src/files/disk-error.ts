import { AppError } from "../errors/app-error.ts";

const advice: Readonly<Record<string, string>> = {
  ENOSPC: "The disk of the data directory is full. Free some space and try again.",
  EDQUOT: "The disk quota of the data directory is used up. Free some space and try again.",
  EACCES: "The gateway may not write to its data directory. Check its permissions.",
  EPERM: "The gateway may not write to its data directory. Check its permissions.",
  EROFS: "The data directory is mounted read-only. Mount it writable.",
  EMFILE: "The gateway has too many files open. Raise its limit of open files.",
  ENFILE: "The machine has too many files open. Raise its limit of open files.",
};

/** The system's code of an error of Node's file calls; null for any other error. */
export function systemCode(error: unknown): string | null {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : null;
}

/** What the caller of a file store is told when the disk refused. */
export function toDiskError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  const code = systemCode(error) ?? "";
  const detail = Object.hasOwn(advice, code) ? advice[code] : undefined;
  return new AppError("storage_failed", detail ?? "The gateway could not use its data directory. The log has the cause.", { cause: error });
}
