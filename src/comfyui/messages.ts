import { isJsonObject, type JsonObject, type JsonValue, parsePythonJson } from "../json/exact.ts";

export interface NodeState {
  readonly state: string;
  readonly node_id: string;
  readonly display_node_id?: string | null | undefined;
  readonly real_node_id?: string | null | undefined;
}

interface OfPrompt {
  readonly prompt_id: string;
}

interface Status {
  readonly status: { readonly exec_info: { readonly queue_remaining: number } };
}

interface Cached extends OfPrompt {
  readonly nodes: readonly string[];
}

interface Executing {
  /** Without it the message only greets a client that came back. */
  readonly prompt_id?: string | null | undefined;
  /** null: the end of the run. */
  readonly node: string | null;
  readonly display_node?: string | null | undefined;
}

interface Progress extends OfPrompt {
  readonly node?: string | null | undefined;
  readonly value: number;
  readonly max: number;
}

interface ProgressState extends OfPrompt {
  readonly nodes: Readonly<Record<string, NodeState>>;
}

interface Executed extends OfPrompt {
  readonly node: string;
  readonly display_node?: string | null | undefined;
  /** null for a cached node that shows nothing. */
  readonly output?: JsonValue | undefined;
}

interface ExecutionError extends OfPrompt {
  readonly node_id: string;
  readonly node_type?: string | null | undefined;
  readonly exception_message?: string | null | undefined;
}

/** The text messages that are used, with the fields that are used (comfyui-protocol.md §2.3). */
export type SocketMessage =
  | { readonly type: "status"; readonly data: Status }
  | { readonly type: "execution_start" | "execution_success"; readonly data: OfPrompt }
  | { readonly type: "execution_cached"; readonly data: Cached }
  | { readonly type: "executing"; readonly data: Executing }
  | { readonly type: "progress"; readonly data: Progress }
  | { readonly type: "progress_state"; readonly data: ProgressState }
  | { readonly type: "executed"; readonly data: Executed }
  | { readonly type: "execution_error"; readonly data: ExecutionError };

// Looked at field by field: a job has some twenty messages, and a schema takes ten times as long over each.

/** A text, null, or left out. */
function isTextOrNone(value: unknown): value is string | null | undefined {
  return typeof value === "string" || value === null || value === undefined;
}

/** `1e999` is JSON, and infinite. */
function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

function isOfPrompt(data: unknown): data is JsonObject & OfPrompt {
  return isJsonObject(data) && typeof data["prompt_id"] === "string";
}

function isStatus(data: unknown): data is Status {
  if (!isJsonObject(data)) return false;
  const { status } = data;
  return isJsonObject(status) && isJsonObject(status["exec_info"]) && isNumber(status["exec_info"]["queue_remaining"]);
}

function isCached(data: unknown): data is Cached {
  return isOfPrompt(data) && Array.isArray(data["nodes"]) && data["nodes"].every((id) => typeof id === "string");
}

function isExecuting(data: unknown): data is Executing {
  if (!isJsonObject(data)) return false;
  const { prompt_id: promptId, node, display_node: displayed } = data;
  return isTextOrNone(promptId) && (typeof node === "string" || node === null) && isTextOrNone(displayed);
}

function isProgress(data: unknown): data is Progress {
  return isOfPrompt(data) && isTextOrNone(data["node"]) && isNumber(data["value"]) && isNumber(data["max"]);
}

function isNodeState(value: unknown): value is NodeState {
  if (!isJsonObject(value)) return false;
  const { state, node_id: id, display_node_id: displayed, real_node_id: real } = value;
  return typeof state === "string" && typeof id === "string" && isTextOrNone(displayed) && isTextOrNone(real);
}

function isProgressState(data: unknown): data is ProgressState {
  if (!isOfPrompt(data)) return false;
  const { nodes } = data;
  if (!isJsonObject(nodes)) return false;
  for (const id in nodes) if (!isNodeState(nodes[id])) return false;
  return true;
}

function isExecuted(data: unknown): data is Executed {
  return isOfPrompt(data) && typeof data["node"] === "string" && isTextOrNone(data["display_node"]);
}

function isExecutionError(data: unknown): data is ExecutionError {
  return isOfPrompt(data) && typeof data["node_id"] === "string" && isTextOrNone(data["node_type"]) && isTextOrNone(data["exception_message"]);
}

/** The whole of a status, with and without the spaces of Python. Every change of anyone's queue brings one: it is not worth the parsing. */
const wholeStatus = /^\{"type": ?"status", ?"data": ?\{"status": ?\{"exec_info": ?\{"queue_remaining": ?(?:0|[1-9]\d{0,8})\}\}\}\}$/;

/** @throws {TypeError} when the message lacks what its type always has */
function dataOf<T>({ data }: JsonObject, isShape: (data: unknown) => data is T): T {
  if (!isShape(data)) throw new TypeError("a message without what belongs to its type");
  return data;
}

/**
 * Reads a text frame. Custom nodes send messages of their own: those are null.
 *
 * @throws {SyntaxError | TypeError} when the frame is not what ComfyUI sends
 */
export function parseSocketMessage(text: string): SocketMessage | null {
  if (wholeStatus.test(text)) {
    const remaining = Number.parseInt(text.slice(text.lastIndexOf(":") + 1), 10);
    return { type: "status", data: { status: { exec_info: { queue_remaining: remaining } } } };
  }
  const message = parsePythonJson(text);
  if (!isJsonObject(message)) throw new TypeError("a message that is no object");
  const { type } = message;
  switch (type) {
    case "status":
      return { type, data: dataOf(message, isStatus) };
    case "execution_start":
    case "execution_success":
      return { type, data: dataOf(message, isOfPrompt) };
    case "execution_cached":
      return { type, data: dataOf(message, isCached) };
    case "executing":
      return { type, data: dataOf(message, isExecuting) };
    case "progress":
      return { type, data: dataOf(message, isProgress) };
    case "progress_state":
      return { type, data: dataOf(message, isProgressState) };
    case "executed":
      return { type, data: dataOf(message, isExecuted) };
    case "execution_error":
      return { type, data: dataOf(message, isExecutionError) };
    default:
      if (typeof type !== "string") throw new TypeError("a message without a type");
      return null;
  }
}
