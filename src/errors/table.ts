/** What is true of every error with a code, whoever meets it. */
export interface ErrorKind {
  /** HTTP status of an answer that carries it. */
  readonly status: number;
  /** Short and the same for every occurrence (RFC 9457 `title`). */
  readonly title: string;
  /** Whether the same request may succeed later with nothing changed by the caller. */
  readonly retryable: boolean;
}

/** Every error a caller can meet: in an HTTP answer or in the `error` of a job. docs/errors.md is written from it. */
export const errorTable = {
  invalid_json: { status: 400, title: "The body is not valid JSON", retryable: false },
  invalid_input: { status: 400, title: "The inputs do not match the workflow's schema", retryable: false },
  invalid_query: { status: 400, title: "A query parameter or header is not valid", retryable: false },
  invalid_graph: { status: 400, title: "The graph is not a ComfyUI API-format graph", retryable: false },
  invalid_export: { status: 400, title: "The file is not a ComfyUI workflow that can be used", retryable: false },
  invalid_multipart: { status: 400, title: "The multipart body cannot be read", retryable: false },
  invalid_file: { status: 400, title: "A file input cannot be used", retryable: false },
  file_fetch_failed: { status: 400, title: "The file behind a URL could not be fetched", retryable: true },
  invalid_message: { status: 400, title: "A message on the stream is not valid", retryable: false },
  address_not_allowed: { status: 400, title: "The URL leads to an address that may not be fetched", retryable: false },
  link_not_valid: { status: 401, title: "The signed link is not valid, or no longer", retryable: false },
  unauthorized: { status: 401, title: "An API key is needed", retryable: false },
  not_permitted: { status: 403, title: "The API key may not do this", retryable: false },
  raw_graphs_off: { status: 403, title: "This gateway runs no graphs of callers", retryable: false },
  node_class_denied: { status: 403, title: "The graph has a node that this gateway does not run", retryable: false },
  host_not_allowed: { status: 403, title: "The gateway does not answer under this name", retryable: false },
  origin_not_allowed: { status: 403, title: "A page of another site may not use this", retryable: false },
  workflow_not_found: { status: 404, title: "There is no workflow with this name", retryable: false },
  job_not_found: { status: 404, title: "There is no job with this id", retryable: false },
  output_not_found: { status: 404, title: "The job has no such output", retryable: false },
  webhook_not_found: { status: 404, title: "The job has no webhook", retryable: false },
  file_not_found: { status: 404, title: "There is no file with this id", retryable: false },
  route_not_found: { status: 404, title: "Nothing is served at this path", retryable: false },
  method_not_allowed: { status: 405, title: "This path does not take this method", retryable: false },
  not_acceptable: { status: 406, title: "The job has no output of the accepted type", retryable: false },
  cancelled: { status: 409, title: "The job was cancelled", retryable: false },
  job_finished: { status: 409, title: "The job is finished", retryable: false },
  job_not_finished: { status: 409, title: "The job is not finished", retryable: true },
  payload_too_large: { status: 413, title: "The body or a file in it is too large", retryable: false },
  unsupported_media_type: { status: 415, title: "The body is neither JSON nor multipart/form-data", retryable: false },
  range_not_satisfiable: { status: 416, title: "The range lies outside the file", retryable: false },
  idempotency_mismatch: { status: 422, title: "The Idempotency-Key was used for another request", retryable: false },
  upgrade_required: { status: 426, title: "This path speaks WebSocket", retryable: false },
  queue_full: { status: 429, title: "The queue is full", retryable: true },
  rate_limited: { status: 429, title: "The API key made too many requests", retryable: true },
  workflow_failed: { status: 500, title: "The workflow module failed to make a graph", retryable: false },
  internal: { status: 500, title: "The gateway failed", retryable: true },
  not_ready: { status: 503, title: "The gateway cannot run jobs now", retryable: true },
  shutting_down: { status: 503, title: "The gateway is stopping", retryable: true },
  start_timeout: { status: 504, title: "The job did not begin in time", retryable: true },
  run_timeout: { status: 504, title: "The job ran longer than it may", retryable: false },
  storage_failed: { status: 507, title: "The gateway could not write to its data directory", retryable: true },
  comfyui_rejected: { status: 422, title: "ComfyUI refused the graph", retryable: false },
  comfyui_node_failed: { status: 502, title: "A node failed while ComfyUI ran the graph", retryable: false },
  comfyui_out_of_memory: { status: 502, title: "ComfyUI ran out of memory", retryable: true },
  comfyui_interrupted: { status: 502, title: "The run was interrupted in ComfyUI", retryable: true },
  comfyui_lost: { status: 502, title: "ComfyUI lost the job", retryable: true },
  comfyui_unreachable: { status: 502, title: "ComfyUI does not answer", retryable: true },
  comfyui_unexpected: { status: 502, title: "ComfyUI answered something unexpected", retryable: true },
  output_unavailable: { status: 502, title: "An output could not be copied out of ComfyUI", retryable: true },
} as const satisfies Record<string, ErrorKind>;

export type ErrorCode = keyof typeof errorTable;

export function isErrorCode(value: string): value is ErrorCode {
  return Object.hasOwn(errorTable, value);
}
