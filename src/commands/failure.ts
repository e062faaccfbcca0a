import { inspect } from "node:util";
import { AppError } from "../errors/app-error.ts";

/** What went wrong, for the person at the terminal: the error and what lies behind it, one line each. */
export function failureText(error: unknown): string {
  if (error instanceof AggregateError) return [error.message, ...error.errors.map(failureText)].join("\n  ");
  const lines: string[] = [];
  // Causes can, by mistake, form a ring.
  for (let at: unknown = error, depth = 0; at !== undefined && depth < 5; depth += 1) {
    const line = at instanceof AppError ? at.detail : at instanceof Error ? at.message : inspect(at);
    if (line !== "" && lines.at(-1) !== line) lines.push(line);
    at = at instanceof Error ? at.cause : undefined;
  }
  return lines.join("\n  because: ");
}

/** Whether the error, or one behind it, is the system's `code`, such as EADDRINUSE. */
export function hasSystemCode(error: unknown, code: string): boolean {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 5; depth += 1) {
    if ("code" in at && at.code === code) return true;
    at = at.cause;
  }
  return false;
}
