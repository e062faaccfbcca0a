import { AppError } from "../../errors/app-error.ts";
import type { EventLog } from "../../job/event-log.ts";

/** What is known of a reader's place in a job's log. */
export interface StartingPoint {
  readonly afterId: number;
  /** Whether there is an event after it by now. */
  readonly hasMore: boolean;
}

/**
 * Checks the place from which somebody wants to read on: a place beyond the log would be waited for in vain.
 *
 * @param afterId the last event that was read; 0 for none
 * @throws {AppError} `invalid_query` when the job has no such event
 */
export async function startingPoint(log: Pick<EventLog, "readEvents">, jobId: string, afterId: number): Promise<StartingPoint> {
  if (afterId === 0) return { afterId, hasMore: true };
  const [known, next] = await log.readEvents({ jobId, afterId: afterId - 1, limit: 2 });
  if (known?.id !== afterId) throw new AppError("invalid_query", `The job has no event ${afterId}, so that nothing can be told after it. Leave it out to read from the start.`);
  return { afterId, hasMore: next !== undefined };
}
