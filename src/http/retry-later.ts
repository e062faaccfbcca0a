import { AppError } from "../errors/app-error.ts";
import type { HttpDeps } from "./deps.ts";
import { problemAnswer } from "./problem-answer.ts";
import type { HttpContext } from "./route.ts";

/** Of a job, as long as none has run: a picture of a common size on a common card. */
const guessedRunMs = 10_000;

/** An estimate beyond an hour helps nobody: by then more has changed than waited. */
const maxRetrySeconds = 3_600;

/** A restart is done within seconds; a machine that goes down for good is no business of this header. */
const restartSeconds = 5;

function retryLater(c: HttpContext, error: AppError, seconds: number): Response {
  return problemAnswer(c, error, { headers: { "Retry-After": String(seconds) } });
}

/**
 * 429, with an estimate of when there is room: as many runs from now as jobs must leave the queue before one more fits.
 *
 * @param queued jobs that wait
 */
export async function queueFullAnswer(c: HttpContext, { jobs, limits }: HttpDeps, queued: number): Promise<Response> {
  const averageMs = (await jobs.averageExecutionMs({ lastRuns: 20 })) ?? guessedRunMs;
  const mustLeave = Math.max(1, queued - limits.maxQueued + 1);
  const seconds = Math.min(maxRetrySeconds, Math.max(1, Math.ceil((averageMs * mustLeave) / 1000)));
  return retryLater(c, new AppError("queue_full", `${queued} jobs wait already, and no more than ${limits.maxQueued} may. Try again in about ${seconds} s.`), seconds);
}

/** 429, of one key's own jobs: others may have room. */
export async function ownQueueFullAnswer(c: HttpContext, { jobs }: Pick<HttpDeps, "jobs">, waiting: number): Promise<Response> {
  const averageMs = (await jobs.averageExecutionMs({ lastRuns: 20 })) ?? guessedRunMs;
  const seconds = Math.min(maxRetrySeconds, Math.max(1, Math.ceil(averageMs / 1000)));
  return retryLater(c, new AppError("queue_full", `${waiting} jobs of this API key wait already, and no more may. Try again in about ${seconds} s.`), seconds);
}

/** 503: the gateway takes no more jobs. */
export function stoppingAnswer(c: HttpContext): Response {
  return retryLater(c, new AppError("shutting_down", "The gateway is stopping and takes no more jobs. Try again when it is back."), restartSeconds);
}
