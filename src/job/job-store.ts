import type { Job, JobError, JobOutput, JobProgress, JobStatus, JobSummary, JobWarning, NewJob } from "./job.ts";

/**
 * Proof that its holder owns a job for a while. Every write to a claimed job carries it.
 */
export interface Lease {
  readonly jobId: string;
  /** New for each claim; never reused. */
  readonly token: string;
}

/** `lease-lost`: the lease ran out and another owner took the job, or the job is finished. Nothing was written. */
export type LeaseAnswer = "ok" | "lease-lost";

export interface Page<T> {
  readonly items: readonly T[];
  /** Hand it back to get the next page; null on the last. */
  readonly nextCursor: string | null;
}

export interface ListJobs {
  readonly status?: JobStatus;
  readonly workflow?: string;
  /** 1 to 200. */
  readonly limit: number;
  readonly cursor?: string;
}

export interface ListOutputs {
  readonly jobId?: string;
  /** 1 to 200. */
  readonly limit: number;
  readonly cursor?: string;
}

export interface Claim {
  /** Who claims: one id for each process. */
  readonly owner: string;
  readonly leaseMs: number;
  readonly nowMs: number;
}

export interface ClaimedJob {
  readonly job: Job;
  readonly lease: Lease;
}

export interface QueueCounts {
  readonly queued: number;
  readonly running: number;
}

/**
 * Where jobs live. Every driver holds the same guarantees and passes the same suite (job-store.suite.ts). Every
 * method rejects with an AppError `storage_failed` when the medium refuses; a write that rejects wrote nothing.
 */
export interface JobStore {
  /** Durable before it resolves: a crash of process or machine after that keeps the job. Fails when the id exists. */
  insert(job: NewJob): Promise<Job>;

  get(id: string): Promise<Job | null>;

  /** Newest first. A page boundary stays exact while jobs are added. AppError `invalid_query` for a cursor not ours. */
  listJobs(query: ListJobs): Promise<Page<JobSummary>>;

  /** Outputs of completed and failed jobs, newest job first, by index within one. Same cursor rules. */
  listOutputs(query: ListOutputs): Promise<Page<JobOutput & { readonly jobId: string }>>;

  counts(): Promise<QueueCounts>;

  /** Jobs that will be claimed before this one, from 0; null when it is claimed, finished or unknown. */
  queuePosition(id: string): Promise<number | null>;

  /**
   * Hands out one unfinished job that nobody holds: an orphan (its lease ran out while it was claimed) first, then
   * the queue by priority, first come first served within one. At most one caller gets a given job. The status does
   * not change. Resolves null when there is none.
   */
  claim(claim: Claim): Promise<ClaimedJob | null>;

  /** Moves the end of the lease to `nowMs + leaseMs`. */
  extend(lease: Lease, params: { readonly leaseMs: number; readonly nowMs: number }): Promise<LeaseAnswer>;

  /** Stores the prompt id before it is sent and counts the attempt. Durable before it resolves. */
  beginAttempt(lease: Lease, params: { readonly promptId: string }): Promise<LeaseAnswer>;

  /** `running` since `startedAt`, when ComfyUI begins the attempt. Again on a running job: no change. */
  markRunning(lease: Lease, params: { readonly startedAt: number; readonly warnings: readonly JobWarning[] }): Promise<LeaseAnswer>;

  saveProgress(lease: Lease, params: { readonly progress: JobProgress; readonly cachedNodes: number | null }): Promise<LeaseAnswer>;

  /** Status, outputs and warnings in one transaction; ends the lease. */
  complete(lease: Lease, params: Finish): Promise<LeaseAnswer>;

  /** As `complete`, with the error. Outputs that were finished before the failure stay. */
  fail(lease: Lease, params: Finish & { readonly error: JobError }): Promise<LeaseAnswer>;

  /**
   * Back to `queued` at its old place, with no prompt id, no start, no progress, and ended lease.
   * `attemptMade: false` takes back the attempt under way, if `beginAttempt` counted one: nothing of it has reached ComfyUI.
   */
  release(lease: Lease, params: { readonly attemptMade: boolean }): Promise<LeaseAnswer>;

  /**
   * Ends every lease that `owner` does not hold, so that a restarted single process need not wait for its dead
   * predecessor's leases. Resolves how many.
   */
  orphan(params: { readonly exceptOwner: string }): Promise<number>;

  /** Proves that a write reaches the medium. */
  ping(): Promise<void>;

  close(): Promise<void>;
}

export interface Finish {
  readonly completedAt: number;
  readonly outputs: readonly JobOutput[];
  /** All warnings of the job, replacing those stored so far. */
  readonly warnings: readonly JobWarning[];
  readonly cachedNodes: number | null;
}
