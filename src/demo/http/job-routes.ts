import type { JsonObject, JsonValue } from "../../json/exact.ts";
import type { HistoryEntry } from "../history.ts";
import { isList, isObject } from "../json-shape.ts";
import { toPythonString } from "../python-conversion.ts";
import { queueTuple, type ServerLife } from "../server-life.ts";
import { json, unknownPath, type Answer } from "./answer.ts";
import { jsonBody, type Request } from "./request.ts";
import type { Route } from "./router.ts";

const statuses = ["pending", "in_progress", "completed", "failed", "cancelled"];
const uuid = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/;

interface Job extends JsonObject {
  readonly id: string;
  readonly status: string;
}

function messageTime(messages: readonly JsonValue[], events: readonly string[]): number | null {
  for (const message of messages) {
    const [event, data] = isList(message) ? message : [];
    if (typeof event === "string" && events.includes(event) && isObject(data) && typeof data["timestamp"] === "number") return data["timestamp"];
  }
  return null;
}

function executionError(messages: readonly JsonValue[]): JsonValue {
  for (const message of messages) if (isList(message) && message[0] === "execution_error") return message[1] ?? null;
  return null;
}

function withoutNulls(job: Job): Job {
  return { ...Object.fromEntries(Object.entries(job).filter(([, value]) => value !== null && value !== undefined)), id: job.id, status: job.status };
}

function createTime(extraData: JsonValue | undefined): JsonValue {
  return isObject(extraData) ? (extraData["create_time"] ?? null) : null;
}

function workflowId(extraData: JsonValue | undefined): JsonValue {
  const pnginfo = isObject(extraData) ? extraData["extra_pnginfo"] : undefined;
  const workflow = isObject(pnginfo) ? pnginfo["workflow"] : undefined;
  return isObject(workflow) ? (workflow["id"] ?? null) : null;
}

function queuedJob(tuple: readonly JsonValue[], status: string): Job {
  const [priority, id, , extraData] = tuple;
  return withoutNulls({
    id: toPythonString(id ?? null),
    status,
    priority: priority ?? 0,
    create_time: createTime(extraData),
    outputs_count: 0,
    workflow_id: workflowId(extraData),
  });
}

/** Files that a client can show: items of any list under a node's UI that have a name. */
function outputItems(outputs: JsonObject): readonly JsonObject[] {
  return Object.entries(outputs).flatMap(([nodeId, ui]) =>
    Object.entries(isObject(ui) ? ui : {}).flatMap(([key, list]) =>
      (isList(list) ? list : []).filter(isObject).flatMap((item) => ("filename" in item ? [{ ...item, nodeId, mediaType: key }] : [])),
    ),
  );
}

function finishedJob(id: string, entry: HistoryEntry): Job {
  const { messages, status_str: statusString } = entry.status;
  const end = messageTime(messages, ["execution_success", "execution_error", "execution_interrupted"]);
  const interrupted = messageTime(messages, ["execution_interrupted"]) !== null;
  const items = outputItems(entry.outputs);
  return withoutNulls({
    id,
    status: statusString === "success" ? "completed" : interrupted ? "cancelled" : "failed",
    priority: entry.prompt[0] ?? 0,
    create_time: createTime(entry.prompt[3]),
    execution_start_time: messageTime(messages, ["execution_start"]),
    execution_end_time: end,
    execution_error: executionError(messages),
    outputs_count: items.length,
    previewable_outputs_count: items.length,
    preview_output: items[0] ?? null,
    workflow_id: workflowId(entry.prompt[3]),
  });
}

function allJobs(life: ServerLife): readonly Job[] {
  const tuple = { showsSecrets: false };
  return [
    ...life.running.map((item) => queuedJob(queueTuple(item, tuple), "in_progress")),
    ...life.pending.map((item) => queuedJob(queueTuple(item, tuple), "pending")),
    ...life.history.entries().map(([id, entry]) => finishedJob(id, entry)),
  ];
}

function bad(message: string): Answer {
  return json({ error: message }, 400);
}

function numeric(value: JsonValue | undefined): number {
  return typeof value === "number" ? value : 0;
}

function listJobs(request: Request, life: ServerLife): Answer {
  if (life.params.dialect !== "next") return unknownPath;
  const { query } = request;
  const wanted = query.get("status")?.split(",").map((status) => status.trim()) ?? statuses;
  const unknown = wanted.filter((status) => !statuses.includes(status));
  if (unknown.length > 0) return bad(`Invalid status value(s): ${unknown.join(", ")}`);
  const sortBy = query.get("sort_by") ?? "created_at";
  const sortOrder = query.get("sort_order") ?? "desc";
  if (!["created_at", "execution_duration"].includes(sortBy)) return bad("sort_by must be 'created_at' or 'execution_duration'");
  if (!["asc", "desc"].includes(sortOrder)) return bad("sort_order must be 'asc' or 'desc'");
  const limitText = query.get("limit");
  const offsetText = query.get("offset") ?? "0";
  if (limitText !== null && !/^[1-9]\d*$/.test(limitText)) return bad("limit must be a positive integer");
  if (!/^\d+$/.test(offsetText)) return bad("offset must be a non-negative integer");

  const workflow = query.get("workflow_id");
  const key = (job: Job): number =>
    sortBy === "created_at" ? numeric(job["create_time"]) : numeric(job["execution_end_time"]) - numeric(job["execution_start_time"]);
  const jobs = allJobs(life)
    .filter((job) => wanted.includes(job.status) && (workflow === null || job["workflow_id"] === workflow))
    .toSorted((a, b) => (sortOrder === "asc" ? key(a) - key(b) : key(b) - key(a)));
  const offset = Number(offsetText);
  const limit = limitText === null ? null : Number(limitText);
  const page = jobs.slice(offset, limit === null ? undefined : offset + limit);
  return json({ jobs: page, pagination: { offset, limit, total: jobs.length, has_more: offset + page.length < jobs.length } });
}

function getJob(request: Request, life: ServerLife): Answer {
  if (life.params.dialect !== "next") return unknownPath;
  const id = request.params["id"] ?? "";
  const entry = life.history.get(id);
  if (entry !== undefined) {
    const workflow = { prompt: entry.prompt[2] ?? null, extra_data: entry.prompt[3] ?? null };
    return json({ ...finishedJob(id, entry), outputs: entry.outputs, execution_status: entry.status, workflow });
  }
  const job = allJobs(life).find((other) => other.id === id);
  return job === undefined ? json({ error: "Job not found" }, 404) : json(job);
}

function cancel(id: string, life: ServerLife): boolean {
  return life.dequeue(id) || life.interrupt(id);
}

function cancelJob(request: Request, life: ServerLife): Answer {
  return life.params.dialect === "next" ? json({ cancelled: cancel(request.params["id"] ?? "", life) }) : unknownPath;
}

function cancelJobs(request: Request, life: ServerLife): Answer {
  if (life.params.dialect !== "next") return unknownPath;
  const body = jsonBody(request);
  const ids = isObject(body) ? body["job_ids"] : undefined;
  if (!isList(ids)) return bad("job_ids must be a list");
  const invalid = ids.filter((id) => typeof id !== "string" || !uuid.test(id));
  if (invalid.length > 0) return json({ error: "Invalid job ids", invalid_ids: invalid }, 400);
  return json({ cancelled: ids.map((id) => cancel(toPythonString(id), life)).some(Boolean) });
}

/** Of the newer server only; their paths hold the prefix, so that without it there is nothing (comfyui-protocol.md §1.8). */
export const jobRoutes: readonly Route[] = [
  { method: "GET", path: "/api/jobs", handle: listJobs },
  { method: "POST", path: "/api/jobs/cancel", handle: cancelJobs },
  { method: "GET", path: "/api/jobs/{id}", handle: getJob },
  { method: "POST", path: "/api/jobs/{id}/cancel", handle: cancelJob },
];
