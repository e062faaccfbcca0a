import { AppError } from "../errors/app-error.ts";
import { isFinished, type Job } from "../job/job.ts";
import type { HttpDeps } from "./deps.ts";

interface WaitDeps extends Pick<HttpDeps, "hub" | "clock"> {
  readonly jobs: Pick<HttpDeps["jobs"], "get">;
}

export interface Wait {
  readonly jobId: string;
  readonly waitMs: number;
  /** Each ends the wait, never the job: the caller hung up, or the gateway stops. */
  readonly signals: readonly AbortSignal[];
}

async function readJob(jobs: WaitDeps["jobs"], id: string): Promise<Job> {
  const job = await jobs.get(id);
  if (job === null) throw new AppError("job_not_found", `There is no job ${id}.`);
  return job;
}

/** Resolves with the job when it is finished, or as it is when the wait is over. Leaves no listener and no timer behind. */
export async function waitForJob({ jobs, hub, clock }: WaitDeps, { jobId, waitMs, signals }: Wait): Promise<Job> {
  let over = false;
  let changed = false;
  let wake: () => void = () => undefined;
  const end = (): void => {
    over = true;
    wake();
  };
  const unsubscribe = hub.onEnd(jobId, () => {
    changed = true;
    wake();
  });
  const timer = clock.after(waitMs, end);
  for (const signal of signals) signal.addEventListener("abort", end);
  try {
    for (;;) {
      over ||= signals.some((signal) => signal.aborted);
      changed = false;
      const job = await readJob(jobs, jobId);
      if (over || isFinished(job.status)) return job;
      if (!changed) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
  } finally {
    unsubscribe();
    timer.cancel();
    for (const signal of signals) signal.removeEventListener("abort", end);
  }
}
