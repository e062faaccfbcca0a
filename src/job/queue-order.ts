import type { Priority } from "./job.ts";

/**
 * How many turns a job of each priority goes ahead of its virtual time: a higher one overtakes a lower one that has
 * waited for fewer. 500 is more than a person waits for, and less than a night's batch, so that low is not forgotten.
 */
const headStarts: Readonly<Record<Priority, number>> = { low: 0, normal: 500, high: 1000 };

export interface QueueRank {
  /** When the job's turn would come if each flow (owner and priority) had one turn after the other. */
  readonly virtualTime: number;
  /** Less is sooner. */
  readonly rank: number;
}

/**
 * Start-time fair queueing, with a head start by priority: see JobStore for what it gives.
 *
 * @param now virtual time of the queue: the largest of any job that was claimed
 * @param flowTail largest virtual time that waits of the same owner and priority; null when none does
 */
export function rankOf(priority: Priority, now: number, flowTail: number | null): QueueRank {
  const virtualTime = Math.max(now, flowTail ?? now) + 1;
  return { virtualTime, rank: virtualTime - headStarts[priority] };
}
