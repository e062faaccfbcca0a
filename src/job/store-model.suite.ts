import { priorities, type JobStatus, type Priority } from "./job.ts";
import type { CancelAnswer, ExtendAnswer, Lease } from "./job-store.ts";

export const leaseMs = 1_000;
const headStarts: Readonly<Record<Priority, number>> = { low: 0, normal: 500, high: 1000 };

export interface Submission {
  readonly owner: string | null;
  readonly priority: Priority;
  readonly startTimeoutMs: number | null;
  readonly webhook: boolean;
}

/** What the model knows of one job. */
export interface ModelJob extends Submission {
  readonly id: string;
  readonly seq: number;
  readonly virtualTime: number;
  readonly createdAt: number;
  status: JobStatus;
  hasRun: boolean;
  attempt: number;
  promptId: string | null;
  outputs: number;
  notBefore: number | null;
  cancelRequested: boolean;
  /** `token` null: its lease was ended by `orphan`, and nobody can write. */
  lease: { token: string | null; owner: string; until: number } | null;
}

function rankOf({ virtualTime, priority }: ModelJob): number {
  return virtualTime - headStarts[priority];
}

/** The store as its interface describes it, in the plainest way. */
export class StoreModel {
  readonly jobs: ModelJob[] = [];
  nowMs = 1_000_000;
  #virtualTime = 0;

  insert(id: string, submission: Submission): void {
    const flow = this.waiting().filter(({ owner, priority }) => owner === submission.owner && priority === submission.priority);
    this.jobs.push({
      ...submission,
      id,
      seq: this.jobs.length,
      virtualTime: Math.max(this.#virtualTime, ...flow.map(({ virtualTime }) => virtualTime)) + 1,
      createdAt: this.nowMs,
      status: "queued",
      hasRun: false,
      attempt: 0,
      promptId: null,
      outputs: 0,
      notBefore: null,
      cancelRequested: false,
      lease: null,
    });
  }

  /** The queue in its order. */
  waiting(): readonly ModelJob[] {
    return this.jobs.filter(({ lease, status }) => lease === null && status === "queued").sort((a, b) => rankOf(a) - rankOf(b) || a.seq - b.seq);
  }

  orphans(): readonly ModelJob[] {
    const urgency = ({ priority }: ModelJob): number => -priorities.indexOf(priority);
    return this.jobs.filter(({ lease }) => lease !== null && lease.until <= this.nowMs).sort((a, b) => urgency(a) - urgency(b) || a.seq - b.seq);
  }

  positionOf(job: ModelJob): number | null {
    const place = this.waiting().indexOf(job);
    return place === -1 ? null : this.orphans().length + place;
  }

  nextClaim(): ModelJob | undefined {
    return this.orphans()[0] ?? this.waiting().find(({ notBefore }) => notBefore === null || notBefore <= this.nowMs);
  }

  claim(job: ModelJob, owner: string, token: string): void {
    if (job.lease === null) this.#virtualTime = Math.max(this.#virtualTime, job.virtualTime);
    Object.assign(job, { notBefore: null, lease: { token, owner, until: this.nowMs + leaseMs } });
  }

  holderOf(lease: Lease): ModelJob | undefined {
    return this.jobs.find((job) => job.id === lease.jobId && job.lease?.token === lease.token);
  }

  extend(job: ModelJob): ExtendAnswer {
    if (job.lease !== null) job.lease.until = this.nowMs + leaseMs;
    return job.cancelRequested ? "cancel-requested" : "ok";
  }

  beginAttempt(job: ModelJob): void {
    job.attempt += 1;
    job.promptId = `${job.id}/${job.attempt}`;
  }

  markRunning(job: ModelJob): void {
    Object.assign(job, { status: "running", hasRun: true });
  }

  finish(job: ModelJob, status: JobStatus, outputs: number): void {
    Object.assign(job, { status, outputs, lease: null, notBefore: null });
  }

  release(job: ModelJob, { attemptMade, notBefore }: { readonly attemptMade: boolean; readonly notBefore: number | null }): void {
    if (!attemptMade && job.promptId !== null) job.attempt -= 1;
    job.promptId = null;
    if (job.cancelRequested) this.finish(job, "cancelled", 0);
    else Object.assign(job, { status: "queued", lease: null, notBefore });
  }

  requestCancel(job: ModelJob | undefined): CancelAnswer {
    if (job === undefined) return "unknown";
    if (job.status !== "queued" && job.status !== "running") return "finished";
    job.cancelRequested = true;
    if (job.lease !== null) return "requested";
    this.finish(job, "cancelled", 0);
    return "cancelled";
  }

  expire(): readonly string[] {
    const deadline = ({ createdAt, startTimeoutMs }: ModelJob): number => createdAt + (startTimeoutMs ?? Infinity);
    const late = this.waiting().filter((job) => !job.hasRun && deadline(job) <= this.nowMs);
    for (const job of late) this.finish(job, "failed", 0);
    return late.toSorted((a, b) => deadline(a) - deadline(b) || a.seq - b.seq).map(({ id }) => id);
  }

  /** @returns how many leases it ended */
  orphan(exceptOwner: string): number {
    const theirs = this.jobs.filter(({ lease }) => lease !== null && lease.token !== null && lease.owner !== exceptOwner);
    for (const job of theirs) job.lease = { token: null, owner: "", until: 0 };
    return theirs.length;
  }
}
