import { z } from "@hono/zod-openapi";
import { errorTable } from "../../errors/table.ts";
import { isFinished, jobStatuses, priorities, type JobAttempt, type JobError, type JobProgress, type JobSummary } from "../../job/job.ts";
import type { DeliveryLog } from "../../job/webhook-outbox.ts";
import { OutputSchema, viewOutput, type OutputView } from "./output-view.ts";
import { jobPath } from "./paths.ts";
import { errorCode, fieldErrors } from "./problem-view.ts";
import { time, viewTime, viewTimeOrNull } from "./time-view.ts";
import { viewWebhook, WebhookSchema } from "./webhook-view.ts";

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
  remaining_seconds: z.number().nullable().openapi({ description: "Estimated from earlier runs of the same workflow; null when it does not run, or none is known" }),
});

const AttemptSchema = z.object({
  number: z.number().int().openapi({ description: "From 1" }),
  prompt_id: z.string().openapi({ description: "ComfyUI's id of it" }),
  begun_at: time,
  started_at: time.nullable().openapi({ description: "When ComfyUI began to run it" }),
  ended_at: time.nullable(),
  error: z.object({ code: errorCode, detail: z.string() }).nullable().openapi({ description: "Why it came to nothing" }),
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
    attempts: z.array(AttemptSchema),
    created_at: time,
    started_at: time.nullable(),
    completed_at: time.nullable(),
    cancel_requested_at: time.nullable().openapi({ description: "Since when it is being cancelled, or was" }),
    not_before: time.nullable().openapi({ description: "A retry does not begin before this" }),
    timeouts: z.object({
      start_seconds: z.number().nullable().openapi({ description: "How long it may wait for its start" }),
      run_seconds: z.number().nullable().openapi({ description: "How long each attempt may run" }),
    }),
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
    webhook: WebhookSchema.nullable(),
    urls: z.object({ self: z.string(), events: z.string(), cancel: z.string() }),
  })
  .openapi("Job", { description: "One accepted request. A finished job never changes again." });

export type JobView = z.infer<typeof JobSchema>;

export const JobPageSchema = z.object({ jobs: z.array(JobSchema), next_cursor: z.string().nullable() }).openapi("JobPage");

function viewSeconds(ms: number | null): number | null {
  return ms === null ? null : ms / 1000;
}

/** Clocks may step back between two processes: never a negative duration. */
function secondsBetween(from: number | null, to: number | null): number | null {
  return from === null || to === null ? null : Math.max(0, to - from) / 1000;
}

/** The last progress that ComfyUI told of a job may come short of its end: a completed job is complete. */
function viewProgress(progress: JobProgress, isCompleted: boolean, remainingMs: number | null): z.infer<typeof ProgressSchema> {
  if (isCompleted) return { percent: 100, completed_nodes: progress.totalNodes, total_nodes: progress.totalNodes, current_node: null, remaining_seconds: 0 };
  const node = progress.currentNode;
  return {
    percent: progress.percent,
    completed_nodes: progress.completedNodes,
    total_nodes: progress.totalNodes,
    current_node: node === null ? null : { id: node.id, class_type: node.classType, title: node.title, step: node.step, steps: node.steps },
    // Tenths: an estimate does not know more.
    remaining_seconds: remainingMs === null ? null : Math.round(remainingMs / 100) / 10,
  };
}

function viewAttempt({ number, promptId, begunAt, startedAt, endedAt, error }: JobAttempt): z.infer<typeof AttemptSchema> {
  return {
    number,
    prompt_id: promptId,
    begun_at: viewTime(begunAt),
    started_at: viewTimeOrNull(startedAt),
    ended_at: viewTimeOrNull(endedAt),
    error: error === null ? null : { code: error.code, detail: error.detail },
  };
}

function viewError(error: JobError): z.infer<typeof JobErrorSchema> {
  const { title, status, retryable } = errorTable[error.code];
  return { code: error.code, title, detail: error.detail, status, retryable, errors: error.errors.map((fault) => ({ ...fault })) };
}

/** What is known of a job beside itself. */
export interface JobContext {
  /** Exact, from the store; null unless the job waits. */
  readonly queuePosition?: number | null;
  readonly remainingMs?: number | null;
  /** null as long as there is nothing to tell its receiver, and in what it is told. */
  readonly deliveries?: DeliveryLog | null;
  /** The views of its outputs, when they carry more than their descriptions. */
  readonly outputs?: readonly OutputView[];
}

/** The job as a caller sees it. */
export function viewJob(job: JobSummary, context: JobContext = {}): JobView {
  const path = jobPath(job.id);
  const outputs = context.outputs ?? job.outputs.map((output) => viewOutput(job.id, output));
  return {
    id: job.id,
    workflow: job.workflow,
    status: job.status,
    priority: job.priority,
    attempt: job.attempt,
    attempts: job.attempts.map(viewAttempt),
    created_at: viewTime(job.createdAt),
    started_at: viewTimeOrNull(job.startedAt),
    completed_at: viewTimeOrNull(job.completedAt),
    cancel_requested_at: viewTimeOrNull(job.cancelRequestedAt),
    not_before: viewTimeOrNull(job.notBefore),
    timeouts: { start_seconds: viewSeconds(job.startTimeoutMs), run_seconds: viewSeconds(job.runTimeoutMs) },
    queue_position: context.queuePosition ?? null,
    progress: job.progress === null ? null : viewProgress(job.progress, job.status === "completed", context.remainingMs ?? null),
    inputs: { ...job.inputs },
    outputs: [...outputs],
    warnings: job.warnings.map(({ code, message, nodeId }) => ({ code, message, ...(nodeId === undefined ? {} : { node_id: nodeId }) })),
    error: job.error === null ? null : viewError(job.error),
    metrics: {
      queue_seconds: secondsBetween(job.createdAt, job.startedAt),
      execution_seconds: secondsBetween(job.startedAt, job.completedAt),
      cached_nodes: job.cachedNodes,
    },
    webhook: job.webhookUrl === null ? null : viewWebhook(job.webhookUrl, isFinished(job.status), context.deliveries ?? null),
    urls: { self: path, events: `${path}/events`, cancel: path },
  };
}
