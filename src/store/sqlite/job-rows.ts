import { z } from "zod";
import { isErrorCode, type ErrorCode } from "../../errors/table.ts";
import {
  isFinished, jobStatuses, outputKinds, priorities, type Job, type JobAttempt, type JobError, type JobFile, type JobOutput, type JobProgress, type JobStatus,
  type JobSummary, type JobWarning, type OutputKind, type Priority,
} from "../../job/job.ts";
import { isJsonObject, parseJson } from "../../json/exact.ts";
import { columnsOf, jsonIn, numberIn, numberOrNullIn, readRow, textIn, textOrNullIn, unreadable, type Columns } from "./rows.ts";

/** As the database orders them: less is sooner. */
const urgencies: Readonly<Record<Priority, number>> = { high: 0, normal: 1, low: 2 };

export function urgencyOf(priority: Priority): number {
  return urgencies[priority];
}

const warnings = z.array(z.object({ code: z.string(), message: z.string(), nodeId: z.string().exactOptional() }));

const jobError = z.object({
  code: z.custom<ErrorCode>((value) => typeof value === "string" && isErrorCode(value)),
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

const statuses: ReadonlyMap<string, JobStatus> = new Map(jobStatuses.map((status) => [status, status]));
const kinds: ReadonlyMap<string, OutputKind> = new Map(outputKinds.map((kind) => [kind, kind]));
const prioritiesByUrgency: ReadonlyMap<number, Priority> = new Map(priorities.map((priority) => [urgencies[priority], priority]));

function found<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw unreadable(`not ${what}`);
  return value;
}

export function statusIn(columns: Columns): JobStatus {
  return found(statuses.get(textIn(columns, "status")), "a status");
}

function progressIn(columns: Columns): JobProgress | null {
  const text = textOrNullIn(columns, "progress");
  if (text === null) return null;
  const stored = columnsOf(parseJson(text));
  const { currentNode } = stored;
  return {
    percent: numberIn(stored, "percent"),
    completedNodes: numberIn(stored, "completedNodes"),
    totalNodes: numberIn(stored, "totalNodes"),
    currentNode: currentNode === null ? null : nodeIn(columnsOf(currentNode)),
  };
}

function nodeIn(stored: Columns): NonNullable<JobProgress["currentNode"]> {
  return {
    id: textIn(stored, "id"),
    classType: textIn(stored, "classType"),
    title: textIn(stored, "title"),
    step: numberOrNullIn(stored, "step"),
    steps: numberOrNullIn(stored, "steps"),
  };
}

export function warningsIn(columns: Columns): readonly JobWarning[] {
  const text = textIn(columns, "warnings");
  return text === "[]" ? [] : readRow(warnings, parseJson(text));
}

function errorIn(columns: Columns): JobError | null {
  const text = textOrNullIn(columns, "error");
  return text === null ? null : readRow(jobError, parseJson(text));
}

function isGraph(value: unknown): value is Job["graph"] {
  return isJsonObject(value) && Object.values(value).every((node) => isJsonObject(node) && typeof node["class_type"] === "string" && isJsonObject(node["inputs"]));
}

function isOrigins(value: unknown): value is Readonly<Record<string, string>> {
  return isJsonObject(value) && Object.values(value).every((pointer) => typeof pointer === "string");
}

export const summaryColumns = `jobs.seq, id, owner, workflow, status, urgency, inputs, attempt, prompt_id, created_at, not_before,
  start_timeout_ms, run_timeout_ms, webhook_url, cancel_requested_at, started_at, completed_at, progress, warnings, error, cached_nodes`;
export const jobColumns = `${summaryColumns}, origins, graph, EXISTS (SELECT 1 FROM input_files WHERE job_seq = jobs.seq) AS has_files`;

function readFile(row: unknown): JobFile {
  const columns = columnsOf(row);
  return { fileId: textIn(columns, "file_id"), name: textIn(columns, "name") };
}

function readAttempt(row: unknown): JobAttempt {
  const columns = columnsOf(row);
  const code = textOrNullIn(columns, "error_code");
  if (code !== null && !isErrorCode(code)) throw unreadable("not a code of an error");
  return {
    number: numberIn(columns, "number"),
    promptId: textIn(columns, "prompt_id"),
    begunAt: numberIn(columns, "begun_at"),
    startedAt: numberOrNullIn(columns, "started_at"),
    endedAt: numberOrNullIn(columns, "ended_at"),
    error: code === null ? null : { code, detail: textOrNullIn(columns, "error_detail") ?? "" },
  };
}

export const outputColumns = "job_seq, idx, node_id, kind, filename, content_type, size, sha256, text";

export function readOutput(row: unknown): { readonly seq: number; readonly output: JobOutput } {
  const columns = columnsOf(row);
  const text = textOrNullIn(columns, "text");
  return {
    seq: numberIn(columns, "job_seq"),
    output: {
      index: numberIn(columns, "idx"),
      nodeId: textIn(columns, "node_id"),
      kind: found(kinds.get(textIn(columns, "kind")), "a kind of output"),
      filename: textIn(columns, "filename"),
      contentType: textIn(columns, "content_type"),
      size: numberIn(columns, "size"),
      sha256: textIn(columns, "sha256"),
      ...(text === null ? {} : { text }),
    },
  };
}

/** The rows that belong to the job with a seq. */
export interface PartsOfJob {
  attempts(seq: number): readonly unknown[];
  outputs(seq: number): readonly unknown[];
  files(seq: number): readonly unknown[];
}

/** A job, and the number of its row. */
export interface StoredJob {
  readonly seq: number;
  readonly job: Job;
}

/** Most jobs in a long list wait: they have neither attempts nor outputs, and are not asked for them. */
function toSummary(columns: Columns, seq: number, parts: PartsOfJob): JobSummary {
  const status = statusIn(columns);
  const attempt = numberIn(columns, "attempt");
  return {
    id: textIn(columns, "id"),
    owner: textOrNullIn(columns, "owner"),
    workflow: textOrNullIn(columns, "workflow"),
    status,
    priority: found(prioritiesByUrgency.get(numberIn(columns, "urgency")), "an urgency"),
    inputs: jsonIn(columns, "inputs", isJsonObject),
    attempt,
    promptId: textOrNullIn(columns, "prompt_id"),
    attempts: attempt === 0 ? [] : parts.attempts(seq).map(readAttempt),
    createdAt: numberIn(columns, "created_at"),
    notBefore: numberOrNullIn(columns, "not_before"),
    startTimeoutMs: numberOrNullIn(columns, "start_timeout_ms"),
    runTimeoutMs: numberOrNullIn(columns, "run_timeout_ms"),
    webhookUrl: textOrNullIn(columns, "webhook_url"),
    cancelRequestedAt: numberOrNullIn(columns, "cancel_requested_at"),
    startedAt: numberOrNullIn(columns, "started_at"),
    completedAt: numberOrNullIn(columns, "completed_at"),
    progress: progressIn(columns),
    outputs: isFinished(status) ? parts.outputs(seq).map((output) => readOutput(output).output) : [],
    warnings: warningsIn(columns),
    error: errorIn(columns),
    cachedNodes: numberOrNullIn(columns, "cached_nodes"),
  };
}

export function readSummary(row: unknown, parts: PartsOfJob): { readonly seq: number; readonly summary: JobSummary } {
  const columns = columnsOf(row);
  const seq = numberIn(columns, "seq");
  return { seq, summary: toSummary(columns, seq, parts) };
}

/** @param row of {@link jobColumns} */
export function readJob(row: unknown, parts: PartsOfJob): StoredJob {
  const columns = columnsOf(row);
  const seq = numberIn(columns, "seq");
  const files = numberIn(columns, "has_files") === 0 ? [] : parts.files(seq).map(readFile);
  const graph = jsonIn(columns, "graph", isGraph);
  return { seq, job: { ...toSummary(columns, seq, parts), graph, origins: jsonIn(columns, "origins", isOrigins), files } };
}
