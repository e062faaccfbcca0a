import type { JsonObject } from "../json/exact.ts";
import type { EventLog } from "./event-log.ts";
import type { FileOwners } from "./file-owners.ts";
import type { AttemptError, Job, JobError, JobOutput, JobProgress, JobStatus, JobSummary, JobWarning, NewJob } from "./job.ts";
import type { Retention } from "./retention.ts";
import type { WebhookOutbox } from "./webhook-outbox.ts";

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

/** `cancel-requested`: extended as asked, and the holder must end the job with `cancel`. */
export type ExtendAnswer = LeaseAnswer | "cancel-requested";

export interface Page<T> {
  readonly items: readonly T[];
  /** Hand it back to get the next page; null on the last. */
  readonly nextCursor: string | null;
}

export interface ListJobs {
  /** Only of this owner; left out: of everybody. */
  readonly owner?: string;
  readonly status?: JobStatus;
  readonly workflow?: string;
  /** 1 to 200. */
  readonly limit: number;
  readonly cursor?: string;
}

export interface ListOutputs {
  /** Only of this owner's jobs; left out: of everybody's. */
  readonly owner?: string;
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
  /**
   * By owner of jobs: how many of its jobs may be leased at a time. Further ones are passed over until one of them ends,
   * and keep their places. Who is not named has no bound; orphans are handed out regardless, for ComfyUI may run them.
   */
  readonly maxLeased?: ReadonlyMap<string, number>;
  /**
   * Also begins an attempt, as `beginAttempt` does, of a job that has no prompt id, no input files and no request to
   * cancel: what is left to do with it is to send it. `newPromptId` may be called more than once.
   */
  readonly begin?: { readonly newPromptId: () => string };
}

export interface ClaimedJob {
  /** With the attempt that was begun. */
  readonly job: Job;
  readonly lease: Lease;
  /** Whether the claim began an attempt. */
  readonly begun: boolean;
}

export interface CountClaimable {
  readonly nowMs: number;
  /** At least 1. */
  readonly limit: number;
}

export interface QueueCounts {
  /** Of status `queued`, those claimed among them. */
  readonly queued: number;
  readonly running: number;
  /** Leased and still `queued`: handed to a runner, and not begun. */
  readonly claimed: number;
}

export interface Insert {
  /** With as many jobs of status `queued` already, it is not taken. */
  readonly maxQueued: number;
  /** Likewise with as many unclaimed ones of the job's own owner. */
  readonly maxQueuedOfOwner?: number;
  readonly idempotency?: {
    readonly key: string;
    /** Of the request: the same key with another fingerprint is a mistake of the caller. */
    readonly fingerprint: string;
  };
  /**
   * `synced`, which is the rule: on the disk before it is told. `soon`: handed to the operating system before it is told,
   * which outlives the process, and on the disk within some tenths of a second, or when `sync` resolves. For a job that
   * nobody is answered about before its end, or before `sync`.
   */
  readonly durability?: "synced" | "soon";
}

export type InsertAnswer =
  | { readonly outcome: "inserted"; readonly job: Job }
  /** The key's earlier job, as it is now. Nothing was written. */
  | { readonly outcome: "replayed"; readonly job: Job }
  /** The key was used with another fingerprint. Nothing was written. */
  | { readonly outcome: "conflict" }
  /** Nothing was written. */
  | { readonly outcome: "full"; readonly queued: number }
  /** The owner has as many waiting as it may. Nothing was written. */
  | { readonly outcome: "owner-full"; readonly queued: number };

/** An idempotency key is remembered for a day from its job's `createdAt`: longer than any caller retries. */
export const idempotencyKeyMs = 24 * 60 * 60 * 1000;

export interface FindIdempotent {
  readonly owner: string | null;
  readonly key: string;
  readonly nowMs: number;
}

/** What the holder of a job tells of its run; all other events the store writes by itself. */
export interface RecordedEvent {
  readonly type: "node_started" | "node_finished" | "progress" | "warning";
  readonly data: JsonObject;
}

/** What has happened in a run since the last record. */
export interface ProgressRecord {
  /** Appended in this order. */
  readonly events: readonly RecordedEvent[];
  /** null: as it was. */
  readonly progress: JobProgress | null;
  readonly cachedNodes: number | null;
  readonly nowMs: number;
}

/**
 * No `notBefore` lies further ahead. One that seems to was written before the host's time was set back, and counts as
 * come: its job must not wait for the time that was.
 */
export const longestDelayMs = 5 * 60_000;

export interface Release {
  /** false takes back the attempt under way, if `beginAttempt` counted one: nothing of it has reached ComfyUI. */
  readonly attemptMade: boolean;
  /** Why it is to be tried again; null when the job is only given back. */
  readonly error: AttemptError | null;
  /** It is not claimed again before this time, at most {@link longestDelayMs} ahead; null: at once. */
  readonly notBefore: number | null;
  readonly nowMs: number;
}

export interface RequestCancel {
  readonly jobId: string;
  readonly nowMs: number;
  /** Told in the `cancelled` event. */
  readonly reason?: string;
}

/**
 * `cancelled`: it was waiting, and is finished now. `requested`: it is claimed, and the holder of its lease, or the
 * next one, ends it. `finished`: too late.
 */
export type CancelAnswer = "cancelled" | "requested" | "finished" | "unknown";

export interface AverageExecution {
  /** null: raw graphs. Left out: all jobs. */
  readonly workflow?: string | null;
  /** How many of the newest are looked at, 1 to 200. */
  readonly lastRuns: number;
}

/**
 * Where jobs live. Every driver holds the same guarantees and passes the same suite (job-store.suite.ts). Every
 * method rejects with an AppError `storage_failed` when the medium refuses; a write that rejects wrote nothing.
 *
 * Each write is one transaction that holds the change, its events (event.ts) and, where it finishes a job with a
 * `webhookUrl`, the message for the receiver. After a change of the queue, the first ten waiting jobs whose place
 * is another than they were last told get a `position` event; those further behind are not told, for on a long
 * queue each claim would write to all of it.
 *
 * The order of the queue. Waiting jobs go by rank, then by age. A job that enters gets the virtual time
 * `v = max(V, largest v that waits of the same owner and priority) + 1` and the rank `v − bonus`, with a bonus of 0 for
 * low, 500 for normal and 1000 for high priority; claiming a waiting job moves V up to its v. So one owner's jobs of one
 * priority are first come first served; owners take turns however many jobs each has; a higher priority goes first,
 * but V overtakes any rank after a bounded number of turns, so that low never starves.
 */
export interface JobStore extends EventLog, FileOwners, WebhookOutbox, Retention {
  /**
   * Durable before it resolves: a crash of process or machine after that keeps the job, or with `soon` one of the
   * process. Event: `queued`.
   * The key is looked up before the queue is measured: a replay is answered on a full queue too. Keys of different
   * owners are different. Rejects when the id exists.
   */
  insert(job: NewJob, params: Insert): Promise<InsertAnswer>;

  /** Resolves when all that was written before it is on the disk. */
  sync(): Promise<void>;

  /** The job that `insert` would find for the key, for a look before costly work; null when it would find none. */
  findIdempotent(params: FindIdempotent): Promise<{ readonly fingerprint: string; readonly job: Job } | null>;

  get(id: string): Promise<Job | null>;

  /** The same job without what may be large: for all that does not run it. */
  getSummary(id: string): Promise<JobSummary | null>;

  /** Newest first. A page boundary stays exact while jobs are added. AppError `invalid_query` for a cursor not ours. */
  listJobs(query: ListJobs): Promise<Page<JobSummary>>;

  /** Outputs of finished jobs, newest job first, by index within one. Same cursor rules. */
  listOutputs(query: ListOutputs): Promise<Page<JobOutput & { readonly jobId: string }>>;

  counts(): Promise<QueueCounts>;

  /** Jobs that are queued, claimed or not: what `insert` holds against its bound. Asked for at each request. */
  countQueued(): Promise<number>;

  /** Unclaimed jobs of one owner. */
  countWaiting(params: { readonly owner: string }): Promise<number>;

  /** Mean of start to end over the newest completed runs, in milliseconds; null when there are none. */
  averageExecutionMs(params: AverageExecution): Promise<number | null>;

  /**
   * Jobs that go before this one, from 0: orphans, and waiting jobs of smaller rank, also those that wait for a
   * `notBefore`. null when it is claimed, finished or unknown.
   */
  queuePosition(id: string): Promise<number | null>;

  /** `queuePosition` of each of them that has one, all at one moment. One look at the queue for all: at most 200. */
  queuePositions(ids: readonly string[]): Promise<ReadonlyMap<string, number>>;

  /**
   * Hands out one unfinished job that nobody holds: an orphan (its lease ran out while it was claimed) first, then
   * the queue in its order, without the jobs whose `notBefore` is still to come. At most one caller gets a given job.
   * The status does not change. Resolves null when there is none. An orphan may come with `cancelRequestedAt`.
   * Durable before it resolves when it began an attempt: as durable as the job, when that enters just then.
   */
  claim(claim: Claim): Promise<ClaimedJob | null>;

  /** How many claims would find a job, as far as no owner's bound is in the way: counted up to `limit`. */
  countClaimable(params: CountClaimable): Promise<number>;

  /**
   * The earliest time at which time alone changes the queue: a `notBefore` after `nowMs` comes, or a start timeout
   * ends (which may be past already, until `expireQueued`). null when there is none.
   */
  nextWake(params: { readonly nowMs: number }): Promise<number | null>;

  /**
   * Fails, with `start_timeout`, the unclaimed jobs that never ran and whose start timeout has ended: at most 200 in one
   * call, those that are longest over first. Resolves their ids.
   */
  expireQueued(params: { readonly nowMs: number }): Promise<readonly string[]>;

  /** Events: `cancelled`, when it is cancelled here. Asking again changes nothing. */
  requestCancel(params: RequestCancel): Promise<CancelAnswer>;

  /** Moves the end of the lease to `nowMs + leaseMs`. */
  extend(lease: Lease, params: { readonly leaseMs: number; readonly nowMs: number }): Promise<ExtendAnswer>;

  /** Stores the prompt id before it is sent and counts the attempt. Durable before it resolves. An earlier attempt under way ends. */
  beginAttempt(lease: Lease, params: { readonly promptId: string; readonly nowMs: number }): Promise<LeaseAnswer>;

  /**
   * `running` since `startedAt`, when ComfyUI begins the attempt. Events: `started`, and `warning` for each warning
   * that no event has told. Again on a running job: no change. From now on the start timeout does not matter.
   */
  markRunning(lease: Lease, params: { readonly startedAt: number; readonly warnings: readonly JobWarning[] }): Promise<LeaseAnswer>;

  /** Progress and its events. One light write: it outlives the process, not the machine. At most four a second for each job, please. */
  record(lease: Lease, params: ProgressRecord): Promise<LeaseAnswer>;

  /**
   * Status, outputs and warnings; ends the lease. Progress becomes 100 % with every node done.
   * Events: `warning` for each that no event has told, `output` for each output, `completed`.
   */
  complete(lease: Lease, params: Completion): Promise<LeaseAnswer>;

  /** As `complete`, with the error, and progress as it was. Outputs that were finished before the failure stay. Last event: `failed`. */
  fail(lease: Lease, params: Finish & { readonly error: JobError }): Promise<LeaseAnswer>;

  /** As `fail`, without an error, whether it was asked for or not. Last event: `cancelled`. */
  cancel(lease: Lease, params: Finish): Promise<LeaseAnswer>;

  /**
   * Back to `queued` at its old place, with no prompt id, no start, no progress, and ended lease. Event: `retrying` with
   * an error, `queued` without. A job whose cancel was requested becomes `cancelled` instead.
   */
  release(lease: Lease, params: Release): Promise<LeaseAnswer>;

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

export interface Completion extends Finish {
  /** What is not stored of the run yet. It comes before the end, and in the same transaction. */
  readonly run?: {
    /** null: `markRunning` has told it. */
    readonly startedAt: number | null;
    readonly events: readonly RecordedEvent[];
    /** null: as it was. */
    readonly progress: JobProgress | null;
  };
}
