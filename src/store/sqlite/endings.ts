import type { SQLInputValue } from "node:sqlite";
import { eventData } from "../../job/event-data.ts";
import type { AttemptError, JobError, JobOutput, JobProgress, JobWarning } from "../../job/job.ts";
import { sourcesOf } from "../../job/transitions.ts";
import { stringifyJson } from "../../json/exact.ts";
import { among } from "./conditions.ts";
import type { Connection } from "./connection.ts";
import { lastEventIdSql, type EventTable, type NewEvent } from "./event-table.ts";
import { outputColumns } from "./job-rows.ts";
import { type Columns, numberIn, textOrNullIn } from "./rows.ts";
import type { WebhookTable } from "./webhook-table.ts";

type EndStatus = "completed" | "failed" | "cancelled";

function endWith(status: EndStatus): string {
  return `UPDATE jobs SET status = '${status}', started_at = ifnull(:startedAt, started_at), completed_at = :completedAt,
    progress = ifnull(:progress, progress), warnings = :warnings, error = :error, cached_nodes = :cachedNodes,
    not_before = NULL, start_deadline = NULL, told_place = NULL, lease_owner = NULL, lease_token = NULL, lease_until = NULL
    WHERE seq = :seq AND status IN ${among(sourcesOf(status))}`;
}

export const endingSql = {
  completed: endWith("completed"),
  failed: endWith("failed"),
  cancelled: endWith("cancelled"),
  insertOutput: `INSERT INTO outputs (${outputColumns}) VALUES (:seq, :index, :nodeId, :kind, :filename, :contentType, :size, :sha256, :text)`,
  endAttempt: `UPDATE attempts SET started_at = ifnull(:startedAt, started_at), ended_at = :at, error_code = :code, error_detail = :detail
    WHERE job_seq = :seq AND ended_at IS NULL`,
} as const;

/** Of a row of `jobs`: what its end must know. */
export const endingColumns = `seq, prompt_id, webhook_url IS NOT NULL AS has_webhook, ${lastEventIdSql} AS last_event`;

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

interface EndOfAny {
  readonly completedAt: number;
  readonly outputs: readonly JobOutput[];
  readonly warnings: readonly JobWarning[];
  readonly cachedNodes: number | null;
}

export type Ending = EndOfAny &
  (
    | {
        readonly status: "completed";
        readonly progress: JobProgress;
        /** null when it was marked as running, or never ran. */
        readonly startedAt: number | null;
        /** What happened in the run and is not told yet. */
        readonly before: readonly NewEvent[];
      }
    | { readonly status: "failed"; readonly error: JobError }
    | { readonly status: "cancelled"; readonly reason: string | null }
  );

const nothingRan = { startedAt: null, before: [], progress: null } as const;

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

  /** Of an unfinished job: all that its end brings with it. */
  end({ seq, promptId, hasWebhook, lastEventId: last }: EndingJob, ending: Ending): void {
    const { status, completedAt, outputs, warnings, cachedNodes } = ending;
    const error = ending.status === "failed" ? ending.error : null;
    const { startedAt, before, progress } = ending.status === "completed" ? ending : nothingRan;
    this.#connection.run(endingSql[status], {
      seq,
      completedAt,
      startedAt,
      progress: progress === null ? null : stringifyJson(progress),
      warnings: stringifyJson(warnings),
      error: error === null ? null : stringifyJson(error),
      cachedNodes,
    });
    if (promptId !== null) this.endAttempt(seq, completedAt, error, startedAt);
    for (const output of outputs) this.#connection.run(endingSql.insertOutput, outputParameters(seq, output));
    const made: readonly NewEvent[] = outputs.map((output) => ({ type: "output", data: eventData.output(output) }));
    this.#events.append(seq, last, completedAt, [...before, ...this.#events.untold(seq, warnings, before), ...made, { type: status, data: lastEventData(ending) }]);
    if (hasWebhook) this.#webhooks.add(seq, completedAt);
  }

  /** Of the attempt under way. @param startedAt of its run, when that is not stored yet */
  endAttempt(seq: number, at: number, error: AttemptError | null, startedAt: number | null = null): void {
    this.#connection.run(endingSql.endAttempt, { seq, startedAt, at, code: error?.code ?? null, detail: error?.detail ?? null });
  }
}

function lastEventData(ending: Ending): ReturnType<typeof eventData.completed> {
  switch (ending.status) {
    case "completed":
      return eventData.completed();
    case "failed":
      return eventData.failed(ending.error);
    case "cancelled":
      return eventData.cancelled(ending.reason);
  }
}

function outputParameters(seq: number, output: JobOutput): Record<string, SQLInputValue> {
  const { index, nodeId, kind, filename, contentType, size, sha256, text = null } = output;
  return { seq, index, nodeId, kind, filename, contentType, size, sha256, text };
}
