import { z } from "zod";
import { isErrorCode, type ErrorCode } from "../../errors/table.ts";
import { jobStatuses, outputKinds, type Job, type JobOutput, type JobSummary, type NewJob, type Priority } from "../../job/job.ts";
import { parseJson, stringifyJson, type JsonObject } from "../../json/exact.ts";

/** Rank in the queue: less is sooner. */
const urgencies: Readonly<Record<Priority, number>> = { high: 0, normal: 1, low: 2 };

function urgencyOf(priority: Priority): number {
  return urgencies[priority];
}

function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A TEXT column that holds JSON of the given shape. */
function json<Shape extends z.ZodType>(shape: Shape): z.ZodPipe<z.ZodString, z.ZodPipe<z.ZodTransform<unknown, string>, Shape>> {
  return z.string().pipe(z.transform(parseJson).pipe(shape));
}

const jsonObject = z.custom<JsonObject>(isJsonObject);

const graph = z.record(
  z.string(),
  z.looseObject({ class_type: z.string(), inputs: jsonObject, _meta: z.looseObject({ title: z.string().exactOptional() }).exactOptional() }),
);

const progress = z.object({
  percent: z.number(),
  completedNodes: z.number(),
  totalNodes: z.number(),
  currentNode: z
    .object({ id: z.string(), classType: z.string(), title: z.string(), step: z.number().nullable(), steps: z.number().nullable() })
    .nullable(),
});

const warning = z.object({ code: z.string(), message: z.string(), nodeId: z.string().exactOptional() });

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
  workflow: z.string().nullable(),
  status: z.enum(jobStatuses),
  urgency: priority,
  inputs: json(jsonObject),
  attempt: z.number(),
  prompt_id: z.string().nullable(),
  created_at: z.number(),
  started_at: z.number().nullable(),
  completed_at: z.number().nullable(),
  progress: json(progress).nullable(),
  warnings: json(z.array(warning)),
  error: json(jobError).nullable(),
  cached_nodes: z.number().nullable(),
});

const jobRow = z.object({
  ...summaryRow.shape,
  graph: json(graph),
  files: json(z.array(z.object({ fileId: z.string(), name: z.string() }))),
  origins: json(z.record(z.string(), z.string())),
});

export const summaryColumns =
  "jobs.seq, id, workflow, status, urgency, inputs, attempt, prompt_id, created_at, started_at, completed_at, progress, warnings, error, cached_nodes";
export const jobColumns = `${summaryColumns}, files, origins, graph`;

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
  .transform((row): JobOutput & { readonly seq: number } => ({
    seq: row.job_seq,
    index: row.idx,
    nodeId: row.node_id,
    kind: row.kind,
    filename: row.filename,
    contentType: row.content_type,
    size: row.size,
    sha256: row.sha256,
    ...(row.text === null ? {} : { text: row.text }),
  }));

export const outputColumns = "job_seq, idx, node_id, kind, filename, content_type, size, sha256, text";

export const idRow = z.object({ id: z.string() });
export const seqRow = z.object({ seq: z.number() });
export const countRow = z.object({ count: z.number() });
export const statusCountRow = z.object({ status: z.enum(jobStatuses), count: z.number() });
export const userVersionRow = z.object({ user_version: z.number() });
export const queuePlaceRow = z.object({ seq: z.number(), urgency: z.number() });

/** A row of a shape we wrote. @throws {Error} for one that is not: the database holds something foreign */
export function readRow<Row extends z.ZodType>(shape: Row, row: unknown): z.output<Row> {
  const parsed = shape.safeParse(row);
  if (!parsed.success) throw new Error("a row of the job database cannot be read", { cause: parsed.error });
  return parsed.data;
}

type Stored<T> = T & { readonly seq: number };

function toSummary(row: z.output<typeof summaryRow>, outputs: readonly JobOutput[]): JobSummary {
  return {
    id: row.id,
    workflow: row.workflow,
    status: row.status,
    priority: row.urgency,
    inputs: row.inputs,
    attempt: row.attempt,
    promptId: row.prompt_id,
    createdAt: row.created_at,
    startedAt: row.started_at,
    completedAt: row.completed_at,
    progress: row.progress,
    outputs,
    warnings: row.warnings,
    error: row.error,
    cachedNodes: row.cached_nodes,
  };
}

/** @param outputsOf gives the outputs of the job with this seq */
export function readSummary(row: unknown, outputsOf: (seq: number) => readonly JobOutput[]): { seq: number; summary: JobSummary } {
  const read = readRow(summaryRow, row);
  return { seq: read.seq, summary: toSummary(read, outputsOf(read.seq)) };
}

/** @param outputsOf gives the outputs of the job with this seq */
export function readJob(row: unknown, outputsOf: (seq: number) => readonly JobOutput[]): Job {
  const read = readRow(jobRow, row);
  return { ...toSummary(read, outputsOf(read.seq)), graph: read.graph, files: read.files, origins: read.origins };
}

export function readOutput(row: unknown): Stored<JobOutput> {
  return readRow(outputRow, row);
}

/** The columns of a job at acceptance, by parameter name. */
export function jobParameters(job: NewJob): { id: string; workflow: string | null; urgency: number; createdAt: number } {
  return { id: job.id, workflow: job.workflow, urgency: urgencyOf(job.priority), createdAt: job.createdAt };
}

export function requestParameters(seq: number, job: NewJob): { seq: number; inputs: string; files: string; origins: string; graph: string } {
  return {
    seq,
    inputs: stringifyJson(job.inputs),
    files: stringifyJson(job.files),
    origins: stringifyJson(job.origins),
    graph: stringifyJson(job.graph),
  };
}

export function outputParameters(seq: number, output: JobOutput): Record<string, string | number | null> {
  const { index, nodeId, kind, filename, contentType, size, sha256, text = null } = output;
  return { seq, index, nodeId, kind, filename, contentType, size, sha256, text };
}
