import type { FieldError } from "../errors/app-error.ts";
import type { ErrorCode } from "../errors/table.ts";
import type { Graph } from "../graph/graph.ts";
import type { JsonObject } from "../json/exact.ts";

export const jobStatuses = ["queued", "running", "completed", "failed", "cancelled"] as const;
export type JobStatus = (typeof jobStatuses)[number];

export const priorities = ["low", "normal", "high"] as const;
export type Priority = (typeof priorities)[number];

export const outputKinds = ["image", "video", "audio", "model3d", "text", "file"] as const;
export type OutputKind = (typeof outputKinds)[number];

/** An input file that must lie in ComfyUI's input folder before an attempt is sent. */
export interface JobFile {
  /** Id in the file store: the SHA-256 of the content, 64 hex digits. */
  readonly fileId: string;
  /** The name the graph uses: a path below ComfyUI's input folder, made by us. */
  readonly name: string;
}

/** One file or text that a job produced, copied out of ComfyUI. */
export interface JobOutput {
  /** Position among the job's outputs, from 0. */
  readonly index: number;
  readonly nodeId: string;
  readonly kind: OutputKind;
  readonly filename: string;
  readonly contentType: string;
  /** Bytes. */
  readonly size: number;
  /** SHA-256 of the content in hex; also its id in the file store. */
  readonly sha256: string;
  /** The text itself, for outputs of kind `text` that came as a string and not as a file. */
  readonly text?: string;
}

export interface JobProgress {
  /** 0 to 100, one decimal. */
  readonly percent: number;
  readonly completedNodes: number;
  readonly totalNodes: number;
  readonly currentNode: {
    readonly id: string;
    readonly classType: string;
    readonly title: string;
    /** Sampler step and steps, where the node tells them. */
    readonly step: number | null;
    readonly steps: number | null;
  } | null;
}

/** Something the caller should know although the job goes on. */
export interface JobWarning {
  readonly code: string;
  readonly message: string;
  readonly nodeId?: string;
}

/** Why a job failed: an entry of the error table with this occurrence's words. */
export interface JobError {
  readonly code: ErrorCode;
  readonly detail: string;
  readonly errors: readonly FieldError[];
}

/** One `POST /prompt` of a job. Times are milliseconds since the epoch. */
export interface JobAttempt {
  /** From 1. */
  readonly number: number;
  readonly promptId: string;
  /** When its prompt id was stored, just before it was sent. */
  readonly begunAt: number;
  /** When ComfyUI began to run it; null for one that never got so far. */
  readonly startedAt: number | null;
  /** null while it is under way. */
  readonly endedAt: number | null;
  /** Why it ended without a result; null for one that is under way, succeeded, was cancelled or was given back. */
  readonly error: AttemptError | null;
}

export type AttemptError = Pick<JobError, "code" | "detail">;

/** One accepted request. Times are milliseconds since the epoch. */
export interface Job {
  readonly id: string;
  /** Name of the API key that sent it, between which the queue is fair; null when there are no keys. */
  readonly owner: string | null;
  /** Id of the workflow; null for a raw graph. */
  readonly workflow: string | null;
  readonly status: JobStatus;
  readonly priority: Priority;
  /** What was actually used: defaults filled in, the drawn seed, files as `file:{id}`. Empty for a raw graph. */
  readonly inputs: JsonObject;
  /** What is sent to ComfyUI, fixed at acceptance. */
  readonly graph: Graph;
  readonly files: readonly JobFile[];
  /**
   * Which part of the request set a graph input: `"nodeId/inputName"` → JSON pointer into the request's body.
   * Lets ComfyUI's complaint about a node name the caller's own field.
   */
  readonly origins: Readonly<Record<string, string>>;
  /** Attempts begun so far. */
  readonly attempt: number;
  /** ComfyUI's id of the attempt under way: stored before it is sent, null before the first and between two. */
  readonly promptId: string | null;
  /** By number; one that was taken back is not among them. */
  readonly attempts: readonly JobAttempt[];
  readonly createdAt: number;
  /** A retry is not begun before this time; null when it may begin at once. */
  readonly notBefore: number | null;
  /** From `createdAt`: a job that has not begun to run by then fails. null: it may wait for ever. */
  readonly startTimeoutMs: number | null;
  /** For each attempt, from its start. null: it may run for ever. */
  readonly runTimeoutMs: number | null;
  /** Told once when the job is finished. */
  readonly webhookUrl: string | null;
  /** Since when somebody wants it cancelled, whom the holder of its lease must obey. */
  readonly cancelRequestedAt: number | null;
  /** When ComfyUI began to run the (latest) attempt. */
  readonly startedAt: number | null;
  readonly completedAt: number | null;
  readonly progress: JobProgress | null;
  readonly outputs: readonly JobOutput[];
  readonly warnings: readonly JobWarning[];
  readonly error: JobError | null;
  /** Nodes ComfyUI answered from its cache; null until it said so. */
  readonly cachedNodes: number | null;
}

/** A job as a list shows it: all but what may be large and is only needed to run it. Every {@link Job} is one. */
export type JobSummary = Omit<Job, "graph" | "files" | "origins">;

/** What acceptance decides; the rest of a {@link Job} starts empty. */
export type NewJob = Pick<
  Job,
  | "id" | "owner" | "workflow" | "priority" | "inputs" | "graph" | "files" | "origins" | "createdAt"
  | "startTimeoutMs" | "runTimeoutMs" | "webhookUrl"
>;

export function isFinished(status: JobStatus): boolean {
  return status === "completed" || status === "failed" || status === "cancelled";
}
