import { z } from "zod";
import { eventData } from "../../job/event-data.ts";
import { jobStatuses, type JobAttempt, type JobError, type JobProgress, type JobWarning } from "../../job/job.ts";
import type { ExtendAnswer, Finish, Lease, LeaseAnswer, ProgressRecord, Release } from "../../job/job-store.ts";
import { sourcesOf } from "../../job/transitions.ts";
import { stringifyJson } from "../../json/exact.ts";
import { among, unfinished } from "./conditions.ts";
import type { Connection } from "./connection.ts";
import type { Endings } from "./endings.ts";
import type { EventTable } from "./event-table.ts";
import { progress, warnings } from "./job-rows.ts";
import type { Queue } from "./queue.ts";
import { json, jsonObject, readRow, readRowIfAny } from "./rows.ts";

export const leaseSql = {
  held: `SELECT seq, status, attempt, prompt_id, warnings, cached_nodes, cancel_requested_at, cancel_reason FROM jobs
    WHERE id = :jobId AND lease_token = :token AND status IN ${unfinished}`,
  extend: "UPDATE jobs SET lease_until = :until WHERE seq = :seq",
  beginAttempt: "UPDATE jobs SET prompt_id = :promptId, attempt = :number WHERE seq = :seq",
  insertAttempt: "INSERT INTO attempts (job_seq, number, prompt_id, begun_at) VALUES (:seq, :number, :promptId, :begunAt)",
  takeBackAttempt: "DELETE FROM attempts WHERE job_seq = :seq AND number = :number",
  markRunning: `UPDATE jobs SET status = 'running', started_at = :startedAt, warnings = :warnings, start_deadline = NULL
    WHERE seq = :seq AND status IN ${among(sourcesOf("running"))}`,
  startAttempt: "UPDATE attempts SET started_at = :startedAt WHERE job_seq = :seq AND ended_at IS NULL",
  saveProgress: "UPDATE jobs SET progress = ifnull(:progress, progress), cached_nodes = :cachedNodes WHERE seq = :seq",
  progress: "SELECT progress, graph FROM jobs JOIN job_requests ON job_seq = jobs.seq WHERE jobs.seq = :seq",
  // A job that was claimed and never ran is queued already: it has only a lease to give back.
  release: `UPDATE jobs SET status = 'queued', attempt = :attempt, prompt_id = NULL, started_at = NULL, progress = NULL, warnings = '[]',
    cached_nodes = NULL, not_before = :notBefore, lease_owner = NULL, lease_token = NULL, lease_until = NULL
    WHERE seq = :seq AND status IN ${among(["queued", ...sourcesOf("queued")])}`,
  // It stays leased, until the beginning of time and by a token nobody has: that is what an orphan is.
  orphan: `UPDATE jobs INDEXED BY jobs_leased SET lease_owner = NULL, lease_token = NULL, lease_until = 0
    WHERE lease_until IS NOT NULL AND lease_owner IS NOT NULL AND lease_owner <> :exceptOwner`,
} as const;

const heldRow = z.object({
  seq: z.number(),
  status: z.enum(jobStatuses),
  attempt: z.number(),
  prompt_id: z.string().nullable(),
  warnings: json(warnings),
  cached_nodes: z.number().nullable(),
  cancel_requested_at: z.number().nullable(),
  cancel_reason: z.string().nullable(),
});
type Held = z.output<typeof heldRow>;

const progressRow = z.object({ progress: json(progress).nullable(), graph: json(jsonObject) });

export type BegunAttempt = Pick<JobAttempt, "number" | "promptId" | "begunAt">;

export type LeasedEnd =
  | { readonly status: "completed"; readonly finish: Finish }
  | { readonly status: "failed"; readonly finish: Finish; readonly error: JobError }
  | { readonly status: "cancelled"; readonly finish: Finish };

interface LeasesParams {
  readonly connection: Connection;
  readonly queue: Queue;
  readonly events: EventTable;
  readonly endings: Endings;
}

/** What the holder of a lease may do, each verb within a transaction of its caller. */
export class Leases {
  readonly #connection: Connection;
  readonly #queue: Queue;
  readonly #events: EventTable;
  readonly #endings: Endings;

  constructor({ connection, queue, events, endings }: LeasesParams) {
    this.#connection = connection;
    this.#queue = queue;
    this.#events = events;
    this.#endings = endings;
  }

  extend(lease: Lease, until: number): ExtendAnswer {
    const held = this.#held(lease);
    if (held === null) return "lease-lost";
    this.#connection.run(leaseSql.extend, { seq: held.seq, until });
    return held.cancel_requested_at === null ? "ok" : "cancel-requested";
  }

  beginAttempt(lease: Lease, promptId: string, begunAt: number): LeaseAnswer {
    return this.#with(lease, ({ seq, attempt }) => {
      this.#endings.endAttempt(seq, begunAt, null);
      this.begin(seq, { number: attempt + 1, promptId, begunAt });
    });
  }

  /** Of a job with no attempt under way. */
  begin(seq: number, { number, promptId, begunAt }: BegunAttempt): void {
    this.#connection.run(leaseSql.beginAttempt, { seq, promptId, number });
    this.#connection.run(leaseSql.insertAttempt, { seq, number, promptId, begunAt });
  }

  markRunning(lease: Lease, startedAt: number, told: readonly JobWarning[]): LeaseAnswer {
    return this.#with(lease, ({ seq, status, attempt }) => {
      if (status === "running") return;
      this.#connection.run(leaseSql.markRunning, { seq, startedAt, warnings: stringifyJson(told) });
      this.#connection.run(leaseSql.startAttempt, { seq, startedAt });
      this.#events.append(seq, startedAt, "started", eventData.started(attempt));
      this.#events.appendWarnings(seq, startedAt, told);
    });
  }

  record(lease: Lease, { events, progress: current, cachedNodes, nowMs }: ProgressRecord): LeaseAnswer {
    return this.#with(lease, ({ seq }) => {
      for (const { type, data } of events) this.#events.append(seq, nowMs, type, data);
      this.#connection.run(leaseSql.saveProgress, { seq, progress: current === null ? null : stringifyJson(current), cachedNodes });
    });
  }

  end(lease: Lease, end: LeasedEnd): LeaseAnswer {
    return this.#with(lease, (held) => {
      const { seq } = held;
      const { status, finish } = end;
      if (status === "completed") this.#endings.end(seq, { ...finish, status, progress: this.#wholeProgress(seq) });
      else if (status === "failed") this.#endings.end(seq, { ...finish, status, error: end.error });
      else this.#endings.end(seq, { ...finish, status, reason: held.cancel_reason });
      this.#queue.moved(finish.completedAt);
    });
  }

  release(lease: Lease, release: Release): LeaseAnswer {
    return this.#with(lease, (held) => {
      const { seq } = held;
      const { error, notBefore, nowMs } = release;
      const attempt = this.#endAttempt(held, release);
      this.#connection.run(leaseSql.release, { seq, attempt, notBefore });
      if (held.cancel_requested_at !== null) {
        const { cancel_reason: reason, cached_nodes: cachedNodes } = held;
        this.#endings.end(seq, { status: "cancelled", completedAt: nowMs, outputs: [], warnings: held.warnings, cachedNodes, reason });
      } else if (error !== null) this.#events.append(seq, nowMs, "retrying", eventData.retrying(attempt, error, notBefore));
      else this.#queue.tellReturn(lease.jobId, nowMs);
      this.#queue.moved(nowMs);
    });
  }

  /** @returns how many leases it ended */
  orphan(exceptOwner: string): number {
    const ended = this.#connection.run(leaseSql.orphan, { exceptOwner });
    if (ended > 0) this.#queue.moved();
    return ended;
  }

  /** @returns the number of attempts that count */
  #endAttempt({ seq, attempt, prompt_id: promptId }: Held, { attemptMade, error, nowMs }: Release): number {
    if (attemptMade || promptId === null) {
      this.#endings.endAttempt(seq, nowMs, error);
      return attempt;
    }
    this.#connection.run(leaseSql.takeBackAttempt, { seq, number: attempt });
    return attempt - 1;
  }

  #wholeProgress(seq: number): JobProgress {
    const { progress: last, graph } = readRow(progressRow, this.#connection.get(leaseSql.progress, { seq }));
    const totalNodes = last?.totalNodes ?? Object.keys(graph).length;
    return { percent: 100, completedNodes: totalNodes, totalNodes, currentNode: null };
  }

  #held(lease: Lease): Held | null {
    return readRowIfAny(heldRow, this.#connection.get(leaseSql.held, { jobId: lease.jobId, token: lease.token }));
  }

  #with(lease: Lease, write: (held: Held) => void): LeaseAnswer {
    const held = this.#held(lease);
    if (held === null) return "lease-lost";
    write(held);
    return "ok";
  }
}
