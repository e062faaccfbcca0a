import type { ErrorCode } from "../errors/table.ts";
import type { JobAttempt } from "./job.ts";

interface Retries {
  /** Attempts in all that may end with the code. */
  readonly attempts: number;
  /** Of these, how many may have run; the rest were lost while they waited in ComfyUI, through no fault of their own. */
  readonly running: number;
  /** Before the second attempt; doubled for each further one. */
  readonly firstDelayMs: number;
}

/** No wait between two attempts is longer. */
const maxDelayMs = 60_000;

/**
 * Which failures are worth another attempt. What is not here fails the job at once: a refused graph or a failing node
 * fails again. An unreachable ComfyUI is no failure of a job: it waits.
 */
const retriesByCode: Partial<Readonly<Record<ErrorCode, Retries>>> = {
  // ComfyUI restarted or dropped the prompt. A job that takes ComfyUI down does so each time: running twice is enough to tell.
  comfyui_lost: { attempts: 6, running: 2, firstDelayMs: 1_000 },
  // Memory is freed first: models of the jobs before are what fills it.
  comfyui_out_of_memory: { attempts: 2, running: 2, firstDelayMs: 2_000 },
  // The cache answered with files that are gone: it is emptied first.
  output_unavailable: { attempts: 2, running: 2, firstDelayMs: 1_000 },
};

/** Failures after which ComfyUI is asked to free its memory and forget what it has cached. */
export const freesMemory: ReadonlySet<ErrorCode> = new Set<ErrorCode>(["comfyui_out_of_memory", "output_unavailable"]);

/**
 * @param ran whether the attempt that failed had begun to run
 * @param earlier the attempts before it
 * @returns how long to wait before the next attempt; null: the job fails
 */
export function retryDelayMs(code: ErrorCode, ran: boolean, earlier: readonly JobAttempt[]): number | null {
  const retries = retriesByCode[code];
  if (retries === undefined) return null;
  const same = earlier.filter(({ error }) => error?.code === code);
  const ranSame = same.filter(({ startedAt }) => startedAt !== null).length + (ran ? 1 : 0);
  if (same.length + 1 >= retries.attempts || ranSame >= retries.running) return null;
  return Math.min(maxDelayMs, retries.firstDelayMs * 2 ** same.length);
}
