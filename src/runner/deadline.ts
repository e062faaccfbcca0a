import type { Job } from "../job/job.ts";

export interface Deadline {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly code: "start_timeout" | "run_timeout";
}

/** When the job must have begun to run, or, once it runs, ended; null when nothing limits it. */
export function deadlineOf(job: Pick<Job, "status" | "createdAt" | "startedAt" | "startTimeoutMs" | "runTimeoutMs">): Deadline | null {
  if (job.status === "running") {
    return job.startedAt === null || job.runTimeoutMs === null ? null : { at: job.startedAt + job.runTimeoutMs, code: "run_timeout" };
  }
  return job.startTimeoutMs === null ? null : { at: job.createdAt + job.startTimeoutMs, code: "start_timeout" };
}
