import type { HistoryEntry, RunFailure } from "../comfyui/history.ts";
import type { FieldError } from "../errors/app-error.ts";
import { jsonPointer } from "../errors/pointer.ts";
import type { ErrorCode } from "../errors/table.ts";
import { toCallerError } from "../job/caller-pointer.ts";
import type { Job, JobError } from "../job/job.ts";

function codeOf(failure: RunFailure): ErrorCode {
  if (failure.kind === "interrupted") return "comfyui_interrupted";
  return failure.exceptionType?.endsWith("OutOfMemoryError") === true ? "comfyui_out_of_memory" : "comfyui_node_failed";
}

function titleOf(job: Job, nodeId: string): string {
  const node = job.graph[nodeId];
  const title = node?._meta?.title ?? node?.class_type;
  return title === undefined ? `Node ${nodeId}` : `Node ${nodeId} (${title})`;
}

/** The job's error for a run that ComfyUI ended without success; null for a success. */
export function errorOfRun(job: Job, entry: HistoryEntry): JobError | null {
  const { failure } = entry;
  if (failure === null) return null;
  const code = codeOf(failure);
  const message = failure.kind === "interrupted" ? "The run was stopped in ComfyUI, not through this job." : failure.message;
  if (failure.nodeId === null) return { code, detail: message, errors: [] };
  const fault: FieldError = {
    pointer: jsonPointer(["graph", failure.nodeId]),
    message,
    node_id: failure.nodeId,
    ...(failure.classType === null ? {} : { class_type: failure.classType }),
  };
  return { code, detail: `${titleOf(job, failure.nodeId)}: ${message}`, errors: [toCallerError(job, fault)] };
}

/** The job's error for a graph that ComfyUI did not take. */
export function errorOfRejection(job: Job, rejection: { readonly detail: string; readonly errors: readonly FieldError[] }): JobError {
  return { code: "comfyui_rejected", detail: rejection.detail, errors: rejection.errors.map((error) => toCallerError(job, error)) };
}
