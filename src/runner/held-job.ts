import { AppError } from "../errors/app-error.ts";
import type { JobHub } from "../events/job-hub.ts";
import type { AttemptError, Job, JobError, JobOutput, JobWarning } from "../job/job.ts";
import type { ClaimedJob, Completion, ExtendAnswer, Finish, JobStore, Lease, LeaseAnswer, ProgressRecord, Release } from "../job/job-store.ts";
import type { Clock } from "../telemetry/clock.ts";
import type { AttemptEnd, JobWatch } from "../telemetry/job-watch.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { Wakeup } from "./wakeup.ts";

/** Before a write that the store refused is tried again. */
const retryMs = 2_000;

interface HeldJobParams {
  readonly claimed: ClaimedJob;
  readonly jobs: JobStore;
  readonly hub: JobHub;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly watch: JobWatch;
  readonly wakeup: Wakeup;
}

/** Thrown to leave a job: it is not ours any more, or the runner stops. Never an error. */
export class JobLeft extends Error {}

/**
 * A job under our lease, and the only way an attempt writes to it. A write the store refuses is tried until it is
 * taken, for a full disk must not lose a result; each one that is taken is told to the hub.
 */
export class HeldJob {
  readonly #params: HeldJobParams;
  readonly #lease: Lease;
  #job: Job;
  #left = false;
  #ended = false;

  constructor(params: HeldJobParams) {
    this.#params = params;
    this.#lease = params.claimed.lease;
    this.#job = params.claimed.job;
  }

  /** As claimed, with what this attempt has written since. */
  get job(): Job {
    return this.#job;
  }

  /** The next write, check or pause throws {@link JobLeft}. */
  leave(): void {
    this.#left = true;
    this.#params.wakeup.wake();
  }

  /** @throws {JobLeft} */
  checkLeft(): void {
    if (this.#left) throw new JobLeft();
  }

  /** @throws {JobLeft} */
  async pause(ms: number = retryMs): Promise<void> {
    const { clock, wakeup } = this.#params;
    let isOver = false;
    // By a timer and not by the time of day: that may be set back meanwhile.
    const timer = clock.after(ms, () => {
      isOver = true;
      wakeup.wake();
    });
    try {
      for (;;) {
        this.checkLeft();
        if (isOver) return;
        await wakeup.wait(ms);
      }
    } finally {
      timer.cancel();
    }
  }

  /** Nothing is left to do when the claim began the attempt. @returns the id that the graph is to be sent under */
  async beginAttempt(newPromptId: () => string): Promise<string> {
    const { jobs, clock, watch, claimed } = this.#params;
    const nowMs = clock.now();
    const begun = claimed.begun ? claimed.job.promptId : null;
    const promptId = begun ?? newPromptId();
    if (begun === null) {
      await this.#write(() => jobs.beginAttempt(this.#lease, { promptId, nowMs }));
      this.#job = { ...this.#job, promptId, attempt: this.#job.attempt + 1 };
    }
    watch.attemptBegun(this.#job, nowMs);
    return promptId;
  }

  /** The first time only: later calls write nothing. */
  async markRunning(warnings: readonly JobWarning[]): Promise<void> {
    if (this.#job.status === "running") return;
    const startedAt = this.#params.clock.now();
    await this.#write(() => this.#params.jobs.markRunning(this.#lease, { startedAt, warnings }));
    this.#job = { ...this.#job, status: "running", startedAt };
    this.#params.watch.running(this.#job);
  }

  /** Once, without trying again: the next record is another chance, and the job does not depend on it. */
  async record(record: Omit<ProgressRecord, "nowMs">): Promise<void> {
    const { jobs, hub, clock, logger } = this.#params;
    try {
      await jobs.record(this.#lease, { ...record, nowMs: clock.now() });
      hub.changed(this.#lease.jobId);
    } catch (error) {
      logger.warn({ job_id: this.#lease.jobId, err: AppError.from(error) }, "could not store a job's progress");
    }
  }

  async extend(leaseMs: number): Promise<ExtendAnswer> {
    // Given up by ourselves, not lost: what is still to be done for the job in ComfyUI goes on.
    if (this.#ended) return "ok";
    return this.#params.jobs.extend(this.#lease, { leaseMs, nowMs: this.#params.clock.now() });
  }

  /** @param startedAt of the run: it is told with its end when that came before it was marked running */
  async complete(finish: Finish, { startedAt, ...rest }: Omit<NonNullable<Completion["run"]>, "startedAt"> & { readonly startedAt: number }): Promise<void> {
    const { jobs, watch } = this.#params;
    const begun = this.#job.status === "running" ? null : startedAt;
    const end = { outcome: "completed", code: null, at: finish.completedAt } as const;
    await this.#write(() => jobs.complete(this.#lease, { ...finish, run: { ...rest, startedAt: begun } }), { outputs: finish.outputs });
    if (begun !== null) {
      this.#job = { ...this.#job, status: "running", startedAt: begun };
      watch.running(this.#job);
    }
    this.#finished(end);
  }

  fail(finish: Finish, error: JobError): Promise<void> {
    const end = { outcome: "failed", code: error.code, at: finish.completedAt } as const;
    return this.#end(end, () => this.#params.jobs.fail(this.#lease, { ...finish, error }));
  }

  cancel(finish: Finish): Promise<void> {
    const end = { outcome: "cancelled", code: null, at: finish.completedAt } as const;
    return this.#end(end, () => this.#params.jobs.cancel(this.#lease, finish));
  }

  /** Back to the queue as if it had not been claimed: ComfyUI has nothing of it. */
  giveBack(): Promise<void> {
    return this.#release({ attemptMade: false, error: null, notBefore: null });
  }

  /** Back to the queue for another attempt. */
  retry(error: AttemptError, notBefore: number): Promise<void> {
    return this.#release({ attemptMade: true, error, notBefore });
  }

  async #release(release: Omit<Release, "nowMs">): Promise<void> {
    const { jobs, hub, clock } = this.#params;
    const nowMs = clock.now();
    const end = { outcome: release.attemptMade ? "retried" : "given-back", code: release.error?.code ?? null, at: nowMs } as const;
    await this.#end(end, () => jobs.release(this.#lease, { ...release, nowMs }));
    hub.queued();
  }

  /** A write that ends the lease. */
  async #end(end: AttemptEnd, write: () => Promise<LeaseAnswer>): Promise<void> {
    await this.#write(write, { outputs: null });
    this.#finished(end);
  }

  #finished(end: AttemptEnd): void {
    this.#ended = true;
    this.#params.watch.attemptEnded(this.#job, end);
  }

  /** @param end of the lease, with the outputs of a job that completes with it; null when there is more to come */
  async #write(write: () => Promise<LeaseAnswer>, end: { readonly outputs: readonly JobOutput[] | null } | null = null): Promise<void> {
    const { hub, logger } = this.#params;
    for (;;) {
      this.checkLeft();
      try {
        if ((await write()) === "lease-lost") throw new JobLeft();
        if (end === null) hub.changed(this.#lease.jobId);
        else hub.ended(this.#lease.jobId, end.outputs);
        return;
      } catch (error) {
        if (!(error instanceof AppError) || error.code !== "storage_failed") throw error;
        logger.error({ job_id: this.#lease.jobId, err: error }, "could not store a job's change; trying again");
      }
      await this.pause();
    }
  }
}
