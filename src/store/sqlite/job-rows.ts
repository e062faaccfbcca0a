import { z } from "zod";
import { isErrorCode, type ErrorCode } from "../../errors/table.ts";
import {
  isFinished, jobStatuses, outputKinds, type Job, type JobAttempt, type JobFile, type JobOutput, type JobSummary, type Priority,
} from "../../job/job.ts";
import { json, jsonObject, readRow } from "./rows.ts";

/** As the database orders them: less is sooner. */
const urgencies: Readonly<Record<Priority, number>> = { high: 0, normal: 1, low: 2 };

export function urgencyOf(priority: Priority): number {
  return urgencies[priority];
}

const graph = z.record(
  z.string(),
  z.looseObject({ class_type: z.string(), inputs: jsonObject, _meta: z.looseObject({ title: z.string().exactOptional() }).exactOptional() }),
);

export const progress = z.object({
  percent: z.number(),
  completedNodes: z.number(),
  totalNodes: z.number(),
  currentNode: z
    .object({ id: z.string(), classType: z.string(), title: z.string(), step: z.number().nullable(), steps: z.number().nullable() })
    .nullable(),
});

export const warnings = z.array(z.object({ code: z.string(), message: z.string(), nodeId: z.string().exactOptional() }));

const errorCode = z.custom<ErrorCode>((value) => typeof value === "string" && isErrorCode(value));

const jobError = z.object({
  code: errorCode,
  detail: z.string(),
  errors: z.array(
    z.object({
      pointer: z.string(),
      message: z.string(),
      node_id: z.string().exactOptional(),
      class_type: z.string().exactOptional(),
    }),
  ),
});

const priority = z.number().transform((urgency, context): Priority => {
  if (urgency === urgencies.high) return "high";
  if (urgency === urgencies.normal) return "normal";
  if (urgency === urgencies.low) return "low";
  context.addIssue({ code: "custom", message: "not an urgency" });
  return z.NEVER;
});

const summaryRow = z.object({
  seq: z.number(),
  id: z.string(),
  owner: z.string().nullable(),
  workflow: z.string().nullable(),
  status: z.enum(jobStatuses),
  urgency: priority,
  inputs: json(jsonObject),
  attempt: z.number(),
  prompt_id: z.string().nullable(),
  created_at: z.number(),
  not_before: z.number().nullable(),
  start_timeout_ms: z.number().nullable(),
  run_timeout_ms: z.number().nullable(),
  webhook_url: z.string().nullable(),
  cancel_requested_at: z.number().nullable(),
  started_at: z.number().nullable(),
  completed_at: z.number().nullable(),
  progress: json(progress).nullable(),
  warnings: json(warnings),
  error: json(jobError).nullable(),
  cached_nodes: z.number().nullable(),
});

const jobRow = z.object({ ...summaryRow.shape, graph: json(graph), origins: json(z.record(z.string(), z.string())) });

export const summaryColumns = `jobs.seq, id, owner, workflow, status, urgency, inputs, attempt, prompt_id, created_at, not_before,
  start_timeout_ms, run_timeout_ms, webhook_url, cancel_requested_at, started_at, completed_at, progress, warnings, error, cached_nodes`;
export const jobColumns = `${summaryColumns}, origins, graph`;

const fileRow = z.object({ file_id: z.string(), name: z.string() }).transform(({ file_id, name }): JobFile => ({ fileId: file_id, name }));

const attemptRow = z
  .object({
    number: z.number(),
    prompt_id: z.string(),
    begun_at: z.number(),
    started_at: z.number().nullable(),
    ended_at: z.number().nullable(),
    error_code: errorCode.nullable(),
    error_detail: z.string().nullable(),
  })
  .transform((row): JobAttempt => ({
    number: row.number,
    promptId: row.prompt_id,
    begunAt: row.begun_at,
    startedAt: row.started_at,
    endedAt: row.ended_at,
    error: row.error_code === null ? null : { code: row.error_code, detail: row.error_detail ?? "" },
  }));

const outputRow = z
  .object({
    job_seq: z.number(),
    idx: z.number(),
    node_id: z.string(),
    kind: z.enum(outputKinds),
    filename: z.string(),
    content_type: z.string(),
    size: z.number(),
    sha256: z.string(),
    text: z.string().nullable(),
  })
  .transform((row): { readonly seq: number; readonly output: JobOutput } => ({
    seq: row.job_seq,
    output: {
      index: row.idx,
      nodeId: row.node_id,
      kind: row.kind,
      filename: row.filename,
      contentType: row.content_type,
      size: row.size,
      sha256: row.sha256,
      ...(row.text === null ? {} : { text: row.text }),
    },
  }));

export const outputColumns = "job_seq, idx, node_id, kind, filename, content_type, size, sha256, text";

export function readOutput(row: unknown): z.output<typeof outputRow> {
  return readRow(outputRow, row);
}

/** The rows that belong to the job with a seq. */
export interface PartsOfJob {
  attempts(seq: number): readonly unknown[];
  outputs(seq: number): readonly unknown[];
  files(seq: number): readonly unknown[];
}

/** Most jobs in a long list wait: they have neither attempts nor outputs, and are not asked for them. */
function toSummary(row: z.output<typeof summaryRow>, parts: PartsOfJob): JobSummary {
  return {
    id: row.id,
    owner: row.owner,
    workflow: row.workflow,
    status: row.status,
    priority: row.urgency,
    inputs: row.inputs,
    attempt: row.attempt,
    promptId: row.prompt_id,
    attempts: row.attempt === 0 ? [] : parts.attempts(row.seq).map((attempt) => readRow(attemptRow, attempt)),
    createdAt: row.created_at,
    notBefore: row.not_before,
    startTimeoutMs: row.start_timeout_ms,
    runTimeoutMs: row.run_timeout_ms,
    webhookUrl: row.webhook_url,
    cancelRequestedAt: row.cancel_requested_at,
    startedAt: row.started_at,
    completedAt: row.completed_at,
    progress: row.progress,
    outputs: isFinished(row.status) ? parts.outputs(row.seq).map((output) => readOutput(output).output) : [],
    warnings: row.warnings,
    error: row.error,
    cachedNodes: row.cached_nodes,
  };
}

export function readSummary(row: unknown, parts: PartsOfJob): { readonly seq: number; readonly summary: JobSummary } {
  const read = readRow(summaryRow, row);
  return { seq: read.seq, summary: toSummary(read, parts) };
}

export function readJob(row: unknown, parts: PartsOfJob): Job {
  const read = readRow(jobRow, row);
  const files = parts.files(read.seq).map((file) => readRow(fileRow, file));
  return { ...toSummary(read, parts), graph: read.graph, origins: read.origins, files };
}
