import type { SQLInputValue } from "node:sqlite";
import { eventData } from "../../job/event-data.ts";
import type { AttemptError, JobError, JobOutput } from "../../job/job.ts";
import type { Completion, Finish, Lease } from "../../job/job-store.ts";
import { sourcesOf } from "../../job/transitions.ts";
import { stringifyJson } from "../../json/exact.ts";
import { among, heldByLease } from "./conditions.ts";
import type { Connection } from "./connection.ts";
import { lastEventIdSql, type EventTable, type NewEvent } from "./event-table.ts";
import { outputColumns } from "./job-rows.ts";
import { type Columns, columnsOf, numberIn, textOrNullIn } from "./rows.ts";
import type { WebhookTable } from "./webhook-table.ts";

type EndStatus = "completed" | "failed" | "cancelled";

function endWith(status: EndStatus): string {
  return `UPDATE jobs SET status = '${status}', completed_at = :completedAt, warnings = :warnings, cached_nodes = :cachedNodes,
    not_before = NULL, start_deadline = NULL, told_place = NULL, lease_owner = NULL, lease_token = NULL, lease_until = NULL`;
}

/** Of a row of `jobs`: what its end must know. */
export const endingColumns = `seq, prompt_id, webhook_url IS NOT NULL AS has_webhook, ${lastEventIdSql} AS last_event`;

const nodesInAll = "coalesce(:totalNodes, progress ->> 'totalNodes', (SELECT COUNT(*) FROM job_requests, json_each(graph) WHERE job_seq = jobs.seq))";

export const endingSql = {
  /** Asks and writes: no row comes back when the lease is lost, nor with a start when it was marked as running. */
  completed: `${endWith("completed")}, started_at = ifnull(:startedAt, started_at),
    progress = json_object('percent', 100, 'completedNodes', ${nodesInAll}, 'totalNodes', ${nodesInAll}, 'currentNode', NULL)
    WHERE ${heldByLease} AND (:startedAt IS NULL OR status = 'queued') RETURNING ${endingColumns}, attempt`,
  failed: `${endWith("failed")}, error = :error WHERE seq = :seq AND status IN ${among(sourcesOf("failed"))}`,
  cancelled: `${endWith("cancelled")} WHERE seq = :seq AND status IN ${among(sourcesOf("cancelled"))}`,
  insertOutput: `INSERT INTO outputs (${outputColumns}) VALUES (:seq, :index, :nodeId, :kind, :filename, :contentType, :size, :sha256, :text)`,
  endAttempt: `UPDATE attempts SET started_at = ifnull(:startedAt, started_at), ended_at = :at, error_code = :code, error_detail = :detail
    WHERE job_seq = :seq AND ended_at IS NULL`,
} as const;

export interface EndingJob {
  readonly seq: number;
  /** null when there is no attempt under way. */
  readonly promptId: string | null;
  readonly hasWebhook: boolean;
  readonly lastEventId: number;
}

export function readEndingJob(columns: Columns): EndingJob {
  return {
    seq: numberIn(columns, "seq"),
    promptId: textOrNullIn(columns, "prompt_id"),
    hasWebhook: numberIn(columns, "has_webhook") === 1,
    lastEventId: numberIn(columns, "last_event"),
  };
}

/** @param totalNodes null: as it is stored, or as the graph has */
type Completed = Finish & Omit<NonNullable<Completion["run"]>, "progress"> & { readonly totalNodes: number | null };

export type Ending = Finish & ({ readonly status: "failed"; readonly error: JobError } | { readonly status: "cancelled"; readonly reason: string | null });

/** What comes with the end of a job's row. */
interface Rest extends Finish {
  /** Of the run, when that is not stored yet. */
  readonly startedAt: number | null;
  readonly error: AttemptError | null;
  /** What is not told yet of the run. */
  readonly before: readonly NewEvent[];
  readonly last: NewEvent;
}

/** How a job ends, on whatever way it came there. */
export class Endings {
  readonly #connection: Connection;
  readonly #events: EventTable;
  readonly #webhooks: WebhookTable;

  constructor(connection: Connection, events: EventTable, webhooks: WebhookTable) {
    this.#connection = connection;
    this.#events = events;
    this.#webhooks = webhooks;
  }

  /**
   * Of a job whose holder completes it: all that its end brings with it.
   *
   * @returns false when the lease is lost, or there is a start to tell of a job that was marked as running: nothing is written
   */
  complete({ jobId, token }: Lease, { startedAt, totalNodes, events, ...finish }: Completed): boolean {
    const row = this.#connection.get(endingSql.completed, { jobId, token, startedAt, totalNodes, ...ofAnyEnd(finish) });
    if (row === undefined) return false;
    const columns = columnsOf(row);
    const started: readonly NewEvent[] = startedAt === null ? [] : [{ type: "started", data: eventData.started(numberIn(columns, "attempt")), at: startedAt }];
    this.#follow(readEndingJob(columns), { ...finish, startedAt, error: null, before: [...started, ...events], last: { type: "completed", data: eventData.completed() } });
    return true;
  }

  /** Of an unfinished job: all that its end brings with it. */
  end(job: EndingJob, ending: Ending): void {
    const { seq } = job;
    const rest = { ...ending, startedAt: null, before: [] };
    if (ending.status === "failed") {
      this.#connection.run(endingSql.failed, { seq, error: stringifyJson(ending.error), ...ofAnyEnd(ending) });
      this.#follow(job, { ...rest, error: ending.error, last: { type: "failed", data: eventData.failed(ending.error) } });
    } else {
      this.#connection.run(endingSql.cancelled, { seq, ...ofAnyEnd(ending) });
      this.#follow(job, { ...rest, error: null, last: { type: "cancelled", data: eventData.cancelled(ending.reason) } });
    }
  }

  #follow({ seq, promptId, hasWebhook, lastEventId }: EndingJob, { completedAt, startedAt, outputs, warnings, error, before, last }: Rest): void {
    if (promptId !== null) this.endAttempt(seq, completedAt, error, startedAt);
    for (const output of outputs) this.#connection.run(endingSql.insertOutput, outputParameters(seq, output));
    const made: readonly NewEvent[] = outputs.map((output) => ({ type: "output", data: eventData.output(output) }));
    this.#events.append(seq, lastEventId, completedAt, [...before, ...this.#events.untold(seq, warnings, before), ...made, last]);
    if (hasWebhook) this.#webhooks.add(seq, completedAt);
  }

  /** Of the attempt under way. @param startedAt of its run, when that is not stored yet */
  endAttempt(seq: number, at: number, error: AttemptError | null, startedAt: number | null = null): void {
    this.#connection.run(endingSql.endAttempt, { seq, startedAt, at, code: error?.code ?? null, detail: error?.detail ?? null });
  }
}

function ofAnyEnd({ completedAt, warnings, cachedNodes }: Finish): Record<string, SQLInputValue> {
  return { completedAt, warnings: stringifyJson(warnings), cachedNodes };
}

function outputParameters(seq: number, output: JobOutput): Record<string, SQLInputValue> {
  const { index, nodeId, kind, filename, contentType, size, sha256, text = null } = output;
  return { seq, index, nodeId, kind, filename, contentType, size, sha256, text };
}
