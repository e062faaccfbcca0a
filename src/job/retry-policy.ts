import type { ErrorCode } from "../errors/table.ts";

/** Attempts a job may make before an error of the code fails it. A code that is not here fails it at once. */
const attemptsByCode: Partial<Readonly<Record<ErrorCode, number>>> = {
  // ComfyUI restarted or dropped the prompt. A graph that takes ComfyUI down with it does so each time: two are enough to tell.
  comfyui_lost: 2,
};

/**
 * @param attempt attempts begun so far, the failed one included
 */
export function mayRetry(code: ErrorCode, attempt: number): boolean {
  return attempt < (attemptsByCode[code] ?? 1);
}
