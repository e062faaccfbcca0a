import { z } from "@hono/zod-openapi";
import { errorTable } from "../../errors/table.ts";
import { jobStatuses, priorities, type JobError, type JobProgress, type JobSummary } from "../../job/job.ts";
import { OutputSchema, viewOutput, type OutputView } from "./output-view.ts";
import { jobPath } from "./paths.ts";
import { errorCode, fieldErrors } from "./problem-view.ts";

const time = z.string().openapi({ format: "date-time", description: "RFC 3339, UTC" });

const ProgressSchema = z.object({
  percent: z.number().openapi({ description: "0 to 100; never goes down within an attempt" }),
  completed_nodes: z.number().int(),
  total_nodes: z.number().int(),
  current_node: z
    .object({
      id: z.string(),
      class_type: z.string(),
      title: z.string(),
      step: z.number().int().nullable(),
      steps: z.number().int().nullable(),
    })
    .nullable(),
});

const JobErrorSchema = z.object({
  code: errorCode,
  title: z.string(),
  detail: z.string(),
  status: z.number().int(),
  retryable: z.boolean().openapi({ description: "Whether the same request may succeed later" }),
  errors: fieldErrors,
});

export const JobSchema = z
  .object({
    id: z.string(),
    workflow: z.string().nullable().openapi({ description: "null for a raw graph" }),
    status: z.enum(jobStatuses),
    priority: z.enum(priorities),
    attempt: z.number().int().openapi({ description: "Attempts begun so far" }),
    created_at: time,
    started_at: time.nullable(),
    completed_at: time.nullable(),
    queue_position: z.number().int().nullable().openapi({ description: "Jobs that go first; null when it does not wait" }),
    progress: ProgressSchema.nullable(),
    inputs: z.record(z.string(), z.unknown()).openapi({ description: "What was actually used: defaults filled in, the seed that was drawn, files as `file:{id}`" }),
    outputs: z.array(OutputSchema),
    warnings: z.array(z.object({ code: z.string(), message: z.string(), node_id: z.string().optional() })),
    error: JobErrorSchema.nullable(),
    metrics: z.object({
      queue_seconds: z.number().nullable(),
      execution_seconds: z.number().nullable(),
      cached_nodes: z.number().int().nullable().openapi({ description: "Nodes that ComfyUI answered from its cache" }),
    }),
    urls: z.object({ self: z.string(), events: z.string(), cancel: z.string() }),
  })
  .openapi("Job", { description: "One accepted request. A finished job never changes again." });

export type JobView = z.infer<typeof JobSchema>;

export const JobPageSchema = z.object({ jobs: z.array(JobSchema), next_cursor: z.string().nullable() }).openapi("JobPage");

function viewTime(ms: number): string {
  return new Date(ms).toISOString();
}

/** Clocks may step back between two processes: never a negative duration. */
function secondsBetween(from: number | null, to: number | null): number | null {
  return from === null || to === null ? null : Math.max(0, to - from) / 1000;
}

/** The last progress that ComfyUI told of a job may come short of its end: a completed job is complete. */
function viewProgress(progress: JobProgress, isCompleted: boolean): z.infer<typeof ProgressSchema> {
  if (isCompleted) return { percent: 100, completed_nodes: progress.totalNodes, total_nodes: progress.totalNodes, current_node: null };
  const node = progress.currentNode;
  return {
    percent: progress.percent,
    completed_nodes: progress.completedNodes,
    total_nodes: progress.totalNodes,
    current_node: node === null ? null : { id: node.id, class_type: node.classType, title: node.title, step: node.step, steps: node.steps },
  };
}

function viewError(error: JobError): z.infer<typeof JobErrorSchema> {
  const { title, status, retryable } = errorTable[error.code];
  return { code: error.code, title, detail: error.detail, status, retryable, errors: error.errors.map((fault) => ({ ...fault })) };
}

/**
 * The job as a caller sees it.
 *
 * @param queuePosition exact, from the store; null unless the job waits
 * @param outputs the views of its outputs, when they carry more than their descriptions
 */
export function viewJob(
  job: JobSummary,
  queuePosition: number | null,
  outputs: readonly OutputView[] = job.outputs.map((output) => viewOutput(job.id, output)),
): JobView {
  const path = jobPath(job.id);
  return {
    id: job.id,
    workflow: job.workflow,
    status: job.status,
    priority: job.priority,
    attempt: job.attempt,
    created_at: viewTime(job.createdAt),
    started_at: job.startedAt === null ? null : viewTime(job.startedAt),
    completed_at: job.completedAt === null ? null : viewTime(job.completedAt),
    queue_position: queuePosition,
    progress: job.progress === null ? null : viewProgress(job.progress, job.status === "completed"),
    inputs: { ...job.inputs },
    outputs: [...outputs],
    warnings: job.warnings.map(({ code, message, nodeId }) => ({ code, message, ...(nodeId === undefined ? {} : { node_id: nodeId }) })),
    error: job.error === null ? null : viewError(job.error),
    metrics: {
      queue_seconds: secondsBetween(job.createdAt, job.startedAt),
      execution_seconds: secondsBetween(job.startedAt, job.completedAt),
      cached_nodes: job.cachedNodes,
    },
    urls: { self: path, events: `${path}/events`, cancel: path },
  };
}
