import type { ErrorCode } from "../../errors/table.ts";

/** What a request with a workflow's inputs can be told. */
export const inputErrors: readonly ErrorCode[] = [
  "invalid_json",
  "invalid_input",
  "invalid_query",
  "invalid_multipart",
  "invalid_file",
  "file_fetch_failed",
  "address_not_allowed",
  "payload_too_large",
  "unsupported_media_type",
  "workflow_failed",
  "storage_failed",
];

/** What a request that would be accepted can be told, because of others or of an earlier one. */
export const acceptErrors: readonly ErrorCode[] = ["idempotency_mismatch", "address_not_allowed", "queue_full", "shutting_down"];

/** What a failed or cancelled job is told as when an image was asked for. */
export const runErrors: readonly ErrorCode[] = [
  "not_acceptable",
  "cancelled",
  "start_timeout",
  "run_timeout",
  "comfyui_rejected",
  "comfyui_node_failed",
  "comfyui_out_of_memory",
  "comfyui_interrupted",
  "comfyui_lost",
  "comfyui_unreachable",
  "comfyui_unexpected",
  "output_unavailable",
];
