import { AppError } from "../errors/app-error.ts";
import { EndWatch } from "../events/end-watch.ts";
import { isFinished, type JobOutput, type JobSummary } from "../job/job.ts";
import type { HttpDeps } from "./deps.ts";
import { bindingsOf, type Connection, type HttpContext } from "./route.ts";

interface WaitDeps extends Pick<HttpDeps, "hub" | "clock"> {
  readonly jobs: Pick<HttpDeps["jobs"], "getSummary" | "sync">;
}

/** @typeParam Enough what the outputs of a completed job may tell: see `fromOutputs` */
export interface Wait<Enough = never> {
  readonly jobId: string;
  readonly waitMs: number;
  /** Each ends the wait, never the job: the caller hung up, or the gateway stops. */
  readonly signals: readonly AbortSignal[];
  /** What is answered on: its close ends the wait likewise. */
  readonly outgoing?: Connection["outgoing"] | undefined;
  /** Since before the job was there. Without it, the job is looked at first. */
  readonly ended?: EndWatch | undefined;
  /** Resolves the wait with what it makes of the outputs that the job completed with: the job is not read. null when it is to be. */
  readonly fromOutputs?: ((outputs: readonly JobOutput[]) => Enough | null) | undefined;
}

/** What ends the wait of a request early. The signal of a request costs as much as the rest of the wait: the connection tells the same. */
export function interruptions(c: HttpContext, { stopping }: Pick<HttpDeps, "stopping">): Pick<Wait, "signals" | "outgoing"> {
  const { outgoing } = bindingsOf(c);
  const own = outgoing === undefined ? [c.req.raw.signal] : [];
  return { signals: stopping === undefined ? own : [...own, stopping], outgoing };
}

async function readJob(jobs: WaitDeps["jobs"], id: string): Promise<JobSummary> {
  const job = await jobs.getSummary(id);
  if (job === null) throw new AppError("job_not_found", `There is no job ${id}.`);
  return job;
}

/** Resolves with the job when it is finished, or as it is when the wait is over. Leaves no listener and no timer behind. */
export async function waitForJob<Enough = never>(deps: WaitDeps, wait: Wait<Enough>): Promise<JobSummary | Enough> {
  if (wait.ended !== undefined) return waitOn(deps, wait, wait.ended);
  const ended = new EndWatch(deps.hub, wait.jobId);
  ended.wake();
  try {
    return await waitOn(deps, wait, ended);
  } finally {
    ended.close();
  }
}

async function waitOn<Enough>({ jobs, clock }: WaitDeps, wait: Wait<Enough>, ended: EndWatch): Promise<JobSummary | Enough> {
  const { jobId, waitMs, signals, outgoing } = wait;
  let over = outgoing?.destroyed === true || signals.some((signal) => signal.aborted);
  const end = (): void => {
    over = true;
    ended.wake();
  };
  const timer = clock.after(waitMs, end);
  for (const signal of signals) signal.addEventListener("abort", end);
  outgoing?.once("close", end);
  try {
    for (;;) {
      if (!over) await ended.wait();
      // What is told before the end is on the disk, as the end is.
      if (over) await jobs.sync();
      const enough = over || ended.outputs === null ? null : (wait.fromOutputs?.(ended.outputs) ?? null);
      if (enough !== null) return enough;
      const job = await readJob(jobs, jobId);
      if (over || isFinished(job.status)) return job;
    }
  } finally {
    timer.cancel();
    for (const signal of signals) signal.removeEventListener("abort", end);
    outgoing?.removeListener("close", end);
  }
}
