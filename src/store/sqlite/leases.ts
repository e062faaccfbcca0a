import { eventData } from "../../job/event-data.ts";
import type { JobAttempt, JobError, JobWarning } from "../../job/job.ts";
import type { Completion, ExtendAnswer, Finish, Lease, LeaseAnswer, ProgressRecord, Release } from "../../job/job-store.ts";
import { sourcesOf } from "../../job/transitions.ts";
import { stringifyJson } from "../../json/exact.ts";
import { among, heldByLease } from "./conditions.ts";
import type { Connection } from "./connection.ts";
import { endingColumns, readEndingJob, type Ending, type EndingJob, type Endings } from "./endings.ts";
import { lastEventIdSql, type EventTable, type NewEvent } from "./event-table.ts";
import { warningsIn } from "./job-rows.ts";
import type { Orphans } from "./orphans.ts";
import type { Queue } from "./queue.ts";
import { type Columns, columnsOf, numberIn, numberOrNullIn, textOrNullIn } from "./rows.ts";

/** What comes often is one statement that asks and writes: no row comes back when the lease is lost. */
export const leaseSql = {
  held: `SELECT ${endingColumns}, attempt, warnings, cached_nodes, cancel_requested_at, cancel_reason FROM jobs
    WHERE ${heldByLease}`,
  extend: `UPDATE jobs SET lease_until = :until WHERE ${heldByLease} RETURNING cancel_requested_at`,
  beginAttempt: "UPDATE jobs SET prompt_id = :promptId, attempt = :number WHERE seq = :seq",
  insertAttempt: "INSERT INTO attempts (job_seq, number, prompt_id, begun_at) VALUES (:seq, :number, :promptId, :begunAt)",
  takeBackAttempt: "DELETE FROM attempts WHERE job_seq = :seq AND number = :number",
  markRunning: `UPDATE jobs SET status = 'running', started_at = :startedAt, warnings = :warnings, start_deadline = NULL
    WHERE ${heldByLease} AND status IN ${among(sourcesOf("running"))} RETURNING seq, attempt, prompt_id, ${lastEventIdSql} AS last_event`,
  startAttempt: "UPDATE attempts SET started_at = :startedAt WHERE job_seq = :seq AND ended_at IS NULL",
  saveProgress: `UPDATE jobs SET progress = ifnull(:progress, progress), cached_nodes = :cachedNodes
    WHERE ${heldByLease} RETURNING seq, ${lastEventIdSql} AS last_event`,
  // A job that was claimed and never ran is queued already: it has only a lease to give back.
  release: `UPDATE jobs SET status = 'queued', attempt = :attempt, prompt_id = NULL, started_at = NULL, progress = NULL, warnings = '[]',
    cached_nodes = NULL, not_before = :notBefore, lease_owner = NULL, lease_token = NULL, lease_until = NULL
    WHERE seq = :seq AND status IN ${among(["queued", ...sourcesOf("queued")])}`,
  // It stays leased, until the beginning of time and by a token nobody has: that is what an orphan is.
  orphan: `UPDATE jobs INDEXED BY jobs_leased SET lease_owner = NULL, lease_token = NULL, lease_until = 0
    WHERE lease_until IS NOT NULL AND lease_owner IS NOT NULL AND lease_owner <> :exceptOwner`,
} as const;

interface Held extends EndingJob {
  readonly attempt: number;
  readonly cachedNodes: number | null;
  readonly cancelRequestedAt: number | null;
  readonly cancelReason: string | null;
  /** What is read of it only now and then. */
  readonly columns: Columns;
}

export type BegunAttempt = Pick<JobAttempt, "number" | "promptId" | "begunAt">;

interface LeasesParams {
  readonly connection: Connection;
  readonly queue: Queue;
  readonly orphans: Orphans;
  readonly events: EventTable;
  readonly endings: Endings;
}

/** What the holder of a lease may do, each verb within a transaction of its caller. */
export class Leases {
  readonly #connection: Connection;
  readonly #queue: Queue;
  readonly #orphans: Orphans;
  readonly #events: EventTable;
  readonly #endings: Endings;

  constructor({ connection, queue, orphans, events, endings }: LeasesParams) {
    this.#connection = connection;
    this.#queue = queue;
    this.#orphans = orphans;
    this.#events = events;
    this.#endings = endings;
  }

  extend({ jobId, token }: Lease, until: number): ExtendAnswer {
    const row = this.#connection.get(leaseSql.extend, { jobId, token, until });
    if (row === undefined) return "lease-lost";
    this.#orphans.leasedUntil(until);
    return numberOrNullIn(columnsOf(row), "cancel_requested_at") === null ? "ok" : "cancel-requested";
  }

  beginAttempt(lease: Lease, promptId: string, begunAt: number): LeaseAnswer {
    return this.#with(lease, ({ seq, attempt, promptId: earlier }) => {
      const number = attempt + 1;
      if (earlier !== null) this.#endings.endAttempt(seq, begunAt, null);
      this.#connection.run(leaseSql.beginAttempt, { seq, promptId, number });
      this.logAttempt(seq, { number, promptId, begunAt });
    });
  }

  /** Of a job whose row has it already. */
  logAttempt(seq: number, { number, promptId, begunAt }: BegunAttempt): void {
    this.#connection.run(leaseSql.insertAttempt, { seq, number, promptId, begunAt });
  }

  markRunning(lease: Lease, startedAt: number, told: readonly JobWarning[]): LeaseAnswer {
    const row = this.#connection.get(leaseSql.markRunning, { jobId: lease.jobId, token: lease.token, startedAt, warnings: stringifyJson(told) });
    // It may run already.
    if (row === undefined) return this.#held(lease) === null ? "lease-lost" : "ok";
    const columns = columnsOf(row);
    const seq = numberIn(columns, "seq");
    if (textOrNullIn(columns, "prompt_id") !== null) this.#connection.run(leaseSql.startAttempt, { seq, startedAt });
    const started: NewEvent = { type: "started", data: eventData.started(numberIn(columns, "attempt")) };
    this.#events.append(seq, numberIn(columns, "last_event"), startedAt, [started, ...this.#events.untold(seq, told)]);
    return "ok";
  }

  record({ jobId, token }: Lease, { events, progress, cachedNodes, nowMs }: ProgressRecord): LeaseAnswer {
    const row = this.#connection.get(leaseSql.saveProgress, { jobId, token, progress: progress === null ? null : stringifyJson(progress), cachedNodes });
    if (row === undefined) return "lease-lost";
    const columns = columnsOf(row);
    this.#events.append(numberIn(columns, "seq"), numberIn(columns, "last_event"), nowMs, events);
    return "ok";
  }

  complete(lease: Lease, { run, ...finish }: Completion): LeaseAnswer {
    const { startedAt = null, events = [], progress = null } = run ?? {};
    const completion = { ...finish, events, totalNodes: progress?.totalNodes ?? null };
    // It may be marked as running already.
    const isCompleted = this.#endings.complete(lease, { ...completion, startedAt }) || (startedAt !== null && this.#endings.complete(lease, { ...completion, startedAt: null }));
    if (!isCompleted) return "lease-lost";
    this.#leftHold(finish.completedAt);
    return "ok";
  }

  fail(lease: Lease, { error, ...finish }: Finish & { readonly error: JobError }): LeaseAnswer {
    return this.#end(lease, () => ({ ...finish, status: "failed", error }));
  }

  cancel(lease: Lease, finish: Finish): LeaseAnswer {
    return this.#end(lease, ({ cancelReason: reason }) => ({ ...finish, status: "cancelled", reason }));
  }

  release(lease: Lease, release: Release): LeaseAnswer {
    return this.#with(lease, (held) => {
      const { seq, lastEventId, cachedNodes, cancelReason: reason } = held;
      const { error, notBefore, nowMs } = release;
      const attempt = this.#endAttempt(held, release);
      this.#connection.run(leaseSql.release, { seq, attempt, notBefore });
      if (held.cancelRequestedAt !== null) {
        const warnings = warningsIn(held.columns);
        this.#endings.end({ ...held, promptId: null }, { status: "cancelled", completedAt: nowMs, outputs: [], warnings, cachedNodes, reason });
      } else if (error !== null) this.#events.append(seq, lastEventId, nowMs, [{ type: "retrying", data: eventData.retrying(attempt, error, notBefore) }]);
      else this.#queue.tellReturn({ id: lease.jobId, lastEventId }, nowMs);
      this.#queue.moved(nowMs);
    });
  }

  /** @returns how many leases it ended */
  orphan(exceptOwner: string): number {
    const ended = this.#connection.run(leaseSql.orphan, { exceptOwner });
    this.#orphans.leasedUntil(0);
    if (ended > 0) this.#queue.moved();
    return ended;
  }

  /** @returns the number of attempts that count */
  #endAttempt({ seq, attempt, promptId }: Held, { attemptMade, error, nowMs }: Release): number {
    if (promptId === null) return attempt;
    if (attemptMade) {
      this.#endings.endAttempt(seq, nowMs, error);
      return attempt;
    }
    this.#connection.run(leaseSql.takeBackAttempt, { seq, number: attempt });
    return attempt - 1;
  }

  #end(lease: Lease, ending: (held: Held) => Ending): LeaseAnswer {
    return this.#with(lease, (held) => {
      const end = ending(held);
      this.#endings.end(held, end);
      this.#leftHold(end.completedAt);
    });
  }

  /** It did not wait: no place is another, unless it was an orphan. */
  #leftHold(at: number): void {
    this.#queue.mayHaveMoved(at);
  }

  #held(lease: Lease): Held | null {
    const row = this.#connection.get(leaseSql.held, { jobId: lease.jobId, token: lease.token });
    if (row === undefined) return null;
    const columns = columnsOf(row);
    return {
      ...readEndingJob(columns),
      attempt: numberIn(columns, "attempt"),
      cachedNodes: numberOrNullIn(columns, "cached_nodes"),
      cancelRequestedAt: numberOrNullIn(columns, "cancel_requested_at"),
      cancelReason: textOrNullIn(columns, "cancel_reason"),
      columns,
    };
  }

  #with(lease: Lease, write: (held: Held) => void): LeaseAnswer {
    const held = this.#held(lease);
    if (held === null) return "lease-lost";
    write(held);
    return "ok";
  }
}
