import { z } from "zod";
import { isFinished, jobStatuses } from "../../job/job.ts";
import { webhookStates, type ClaimedWebhook, type DeliveryLog, type RecordDelivery, type WebhookDelivery } from "../../job/webhook-outbox.ts";
import type { Connection } from "./connection.ts";
import { countOf, readRow, readRowIfAny, valueOf } from "./rows.ts";

const withJob = "webhooks JOIN jobs ON jobs.seq = job_seq";

export const webhookSql = {
  add: "INSERT INTO webhooks (id, job_seq, due_at) VALUES (:id, :jobSeq, :dueAt)",
  firstDue: `SELECT webhooks.id, jobs.id AS job_id, webhook_url, attempts FROM webhooks INDEXED BY webhooks_due CROSS JOIN jobs ON jobs.seq = job_seq
    WHERE state = 'pending' AND due_at <= :nowMs ORDER BY due_at, webhooks.seq LIMIT 1`,
  claim: "UPDATE webhooks SET due_at = :until, token = :token WHERE id = :id",
  logDelivery: `INSERT INTO deliveries (webhook_seq, number, at, status_code, error, duration_ms)
    SELECT seq, (SELECT ifnull(max(number), 0) + 1 FROM deliveries WHERE webhook_seq = seq), :at, :statusCode, :error, :durationMs
    FROM webhooks WHERE id = :id`,
  moveOn: "UPDATE webhooks SET state = :state, due_at = :dueAt, attempts = attempts + 1, token = NULL WHERE id = :id AND token = :token",
  ofJob: `SELECT webhooks.seq, webhooks.id, webhook_url, state, due_at FROM ${withJob} WHERE jobs.id = :jobId`,
  deliveries: "SELECT number, at, status_code, error, duration_ms FROM deliveries WHERE webhook_seq = :webhookSeq ORDER BY number",
  statusOfJob: "SELECT status FROM jobs WHERE id = :jobId",
  again: `UPDATE webhooks SET state = 'pending', due_at = :nowMs, attempts = 0, token = NULL WHERE job_seq = (SELECT seq FROM jobs WHERE id = :jobId)`,
  countPending: "SELECT COUNT(*) AS count FROM webhooks INDEXED BY webhooks_due WHERE state = 'pending'",
  nextDue: "SELECT min(due_at) AS value FROM webhooks INDEXED BY webhooks_due WHERE state = 'pending'",
} as const;

const dueRow = z.object({ id: z.string(), job_id: z.string(), webhook_url: z.string(), attempts: z.number() });
const webhookRow = z.object({ seq: z.number(), id: z.string(), webhook_url: z.string(), state: z.enum(webhookStates), due_at: z.number().nullable() });
const statusRow = z.object({ status: z.enum(jobStatuses) });

const deliveryRow = z
  .object({ number: z.number(), at: z.number(), status_code: z.number().nullable(), error: z.string().nullable(), duration_ms: z.number() })
  .transform((row): WebhookDelivery => ({ number: row.number, at: row.at, statusCode: row.status_code, error: row.error, durationMs: row.duration_ms }));

/** The outbox. A claim is a due time in the future and a token: when nobody records it, it falls due again by itself. */
export class WebhookTable {
  readonly #connection: Connection;
  readonly #newToken: () => string;
  /** Every job that ends has it asked for, and most have no URL: so it is kept in mind when there is none, until one is added. */
  #nonePending = false;

  constructor(connection: Connection, newToken: () => string) {
    this.#connection = connection;
    this.#newToken = newToken;
  }

  /** For a job with a URL that has just been finished. */
  add(jobSeq: number, dueAt: number): void {
    this.#nonePending = false;
    this.#connection.run(webhookSql.add, { id: `msg_${this.#newToken()}`, jobSeq, dueAt });
  }

  anyDue(nowMs: number): boolean {
    return this.#connection.get(webhookSql.firstDue, { nowMs }) !== undefined;
  }

  claim(nowMs: number, leaseMs: number): ClaimedWebhook | null {
    const due = readRowIfAny(dueRow, this.#connection.get(webhookSql.firstDue, { nowMs }));
    if (due === null) return null;
    const token = this.#newToken();
    this.#connection.run(webhookSql.claim, { id: due.id, until: nowMs + leaseMs, token });
    return { id: due.id, jobId: due.job_id, url: due.webhook_url, attempts: due.attempts, token };
  }

  record({ id, token, at, statusCode, error, durationMs, next }: RecordDelivery): "ok" | "lease-lost" {
    this.#connection.run(webhookSql.logDelivery, { id, at, statusCode, error, durationMs });
    const dueAt = next.state === "pending" ? next.dueAt : null;
    return this.#connection.run(webhookSql.moveOn, { id, token, state: next.state, dueAt }) === 1 ? "ok" : "lease-lost";
  }

  logOf(jobId: string): DeliveryLog | null {
    const found = readRowIfAny(webhookRow, this.#connection.get(webhookSql.ofJob, { jobId }));
    if (found === null) return null;
    const deliveries = this.#connection.all(webhookSql.deliveries, { webhookSeq: found.seq }).map((row) => readRow(deliveryRow, row));
    return { id: found.id, url: found.webhook_url, state: found.state, dueAt: found.due_at, deliveries };
  }

  again(jobId: string, nowMs: number): "queued" | "no-webhook" | "not-finished" | "unknown" {
    const job = readRowIfAny(statusRow, this.#connection.get(webhookSql.statusOfJob, { jobId }));
    if (job === null) return "unknown";
    if (!isFinished(job.status)) return "not-finished";
    this.#nonePending = false;
    return this.#connection.run(webhookSql.again, { jobId, nowMs }) === 1 ? "queued" : "no-webhook";
  }

  countPending(): number {
    return countOf(this.#connection.get(webhookSql.countPending));
  }

  nextDue(): number | null {
    if (this.#nonePending) return null;
    const due = valueOf(this.#connection.get(webhookSql.nextDue));
    this.#nonePending = due === null;
    return due;
  }
}
