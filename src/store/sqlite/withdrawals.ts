import { isFinished, type JobError } from "../../job/job.ts";
import type { CancelAnswer, RequestCancel } from "../../job/job-store.ts";
import { waiting } from "./conditions.ts";
import type { Connection } from "./connection.ts";
import { endingColumns, readEndingJob, type Endings } from "./endings.ts";
import { statusIn } from "./job-rows.ts";
import type { Queue } from "./queue.ts";
import { columnsOf, numberIn, textIn } from "./rows.ts";

/** Of jobs that expire in one call: more would hold others up. */
const maxExpired = 200;

export const withdrawalSql = {
  state: `SELECT ${endingColumns}, status, lease_until IS NOT NULL AS leased FROM jobs WHERE id = :jobId`,
  requestCancel: "UPDATE jobs SET cancel_requested_at = :nowMs, cancel_reason = :reason WHERE seq = :seq AND cancel_requested_at IS NULL",
  anyExpired: `SELECT 1 FROM jobs INDEXED BY jobs_to_start WHERE ${waiting} AND start_deadline IS NOT NULL AND start_deadline <= :nowMs LIMIT 1`,
  expired: `SELECT ${endingColumns}, id, start_timeout_ms FROM jobs INDEXED BY jobs_to_start
    WHERE ${waiting} AND start_deadline IS NOT NULL AND start_deadline <= :nowMs ORDER BY start_deadline, seq LIMIT ${maxExpired}`,
} as const;

const nothingMade = { outputs: [], warnings: [], cachedNodes: null } as const;

function startTimeout(startTimeoutMs: number): JobError {
  const what = `The job waited longer than its start timeout of ${startTimeoutMs / 1000} s.`;
  const advice = "Send it again with a longer start_timeout, or when the queue is shorter.";
  return { code: "start_timeout", detail: `${what} ${advice}`, errors: [] };
}

/** How a job ends while it waits. */
export class Withdrawals {
  readonly #connection: Connection;
  readonly #queue: Queue;
  readonly #endings: Endings;

  constructor(connection: Connection, queue: Queue, endings: Endings) {
    this.#connection = connection;
    this.#queue = queue;
    this.#endings = endings;
  }

  requestCancel({ jobId, nowMs, reason: given }: RequestCancel): CancelAnswer {
    const reason = given ?? null;
    const row = this.#connection.get(withdrawalSql.state, { jobId });
    if (row === undefined) return "unknown";
    const columns = columnsOf(row);
    if (isFinished(statusIn(columns))) return "finished";
    const job = readEndingJob(columns);
    this.#connection.run(withdrawalSql.requestCancel, { seq: job.seq, nowMs, reason });
    if (numberIn(columns, "leased") === 1) return "requested";
    this.#endings.end(job, { ...nothingMade, status: "cancelled", completedAt: nowMs, reason });
    this.#queue.moved(nowMs);
    return "cancelled";
  }

  anyExpired(nowMs: number): boolean {
    return this.#connection.get(withdrawalSql.anyExpired, { nowMs }) !== undefined;
  }

  /** @returns the ids of those that waited too long */
  expire(nowMs: number): readonly string[] {
    const expired = this.#connection.all(withdrawalSql.expired, { nowMs }).map(columnsOf);
    for (const columns of expired) {
      const error = startTimeout(numberIn(columns, "start_timeout_ms"));
      this.#endings.end(readEndingJob(columns), { ...nothingMade, status: "failed", completedAt: nowMs, error });
    }
    if (expired.length > 0) this.#queue.moved(nowMs);
    return expired.map((columns) => textIn(columns, "id"));
  }
}
