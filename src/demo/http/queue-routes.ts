import type { JsonObject } from "../../json/exact.ts";
import { isList, isObject } from "../json-shape.ts";
import { toPythonBool } from "../python-conversion.ts";
import { queueTuple, type ServerLife } from "../server-life.ts";
import { empty, ImitatedTrouble, json, jsonMember, type Answer } from "./answer.ts";
import { jsonBody, type Request } from "./request.ts";
import type { Route } from "./router.ts";

function objectBody(request: Request, lists: "as empty" | "refused" = "refused"): JsonObject {
  const body = jsonBody(request);
  if (isObject(body)) return body;
  // Only looked for keys, a list is as good as an empty object.
  if (lists === "as empty" && isList(body)) return {};
  throw new ImitatedTrouble("the body is no object");
}

/** The ids of `delete`: a string iterates its characters, as in Python. */
function idsToDelete(body: JsonObject): readonly string[] {
  const ids = body["delete"];
  if (ids === undefined) return [];
  if (typeof ids === "string") return [...ids];
  if (isList(ids)) return ids.filter((id) => typeof id === "string");
  throw new ImitatedTrouble("delete cannot be iterated");
}

function getQueue(_request: Request, life: ServerLife): Answer {
  // The older server shows the keys of paid APIs to everyone.
  const showsSecrets = life.params.dialect !== "next";
  return json({
    queue_running: life.running.map((item) => queueTuple(item, { showsSecrets })),
    queue_pending: life.pending.map((item) => queueTuple(item, { showsSecrets })),
  });
}

function postQueue(request: Request, life: ServerLife): Answer {
  const body = objectBody(request, "as empty");
  if (toPythonBool(body["clear"] ?? null)) life.clearQueue();
  for (const id of idsToDelete(body)) life.dequeue(id);
  return empty(200);
}

function postInterrupt(request: Request, life: ServerLife): Answer {
  let body: unknown = {};
  try {
    body = jsonBody(request);
  } catch (error) {
    // An unreadable body interrupts whatever runs.
    if (!(error instanceof ImitatedTrouble)) throw error;
  }
  if (!isObject(body)) throw new ImitatedTrouble("the body is no object");
  const id = body["prompt_id"];
  life.interrupt(typeof id === "string" && id !== "" ? id : null);
  return empty(200);
}

function postFree(request: Request, life: ServerLife): Answer {
  life.free(toPythonBool(objectBody(request)["free_memory"] ?? null));
  return empty(200);
}

/** `int(text)` of a query parameter, or `fallback` when it is absent. */
function intParameter(request: Request, name: string, fallback: number | null): number | null {
  const given = request.query.get(name);
  if (given === null) return fallback;
  if (!/^\s*[+-]?\d+\s*$/.test(given)) throw new ImitatedTrouble(`${name} is no integer`);
  return Number(given);
}

function getHistory(request: Request, life: ServerLife): Answer {
  const maxItems = intParameter(request, "max_items", null);
  return json(Object.fromEntries(life.history.page(maxItems, intParameter(request, "offset", -1) ?? -1)));
}

function getHistoryEntry(request: Request, life: ServerLife): Answer {
  const id = request.params["id"] ?? "";
  const entry = life.history.get(id);
  return entry === undefined ? json({}) : jsonMember(id, entry);
}

function postHistory(request: Request, life: ServerLife): Answer {
  const body = objectBody(request, "as empty");
  if (toPythonBool(body["clear"] ?? null)) life.history.clear();
  for (const id of idsToDelete(body)) life.history.delete(id);
  return empty(200);
}

export const queueRoutes: readonly Route[] = [
  { method: "GET", path: "/queue", handle: getQueue },
  { method: "POST", path: "/queue", handle: postQueue },
  { method: "POST", path: "/interrupt", handle: postInterrupt },
  { method: "POST", path: "/free", handle: postFree },
  { method: "GET", path: "/history", handle: getHistory },
  { method: "POST", path: "/history", handle: postHistory },
  { method: "GET", path: "/history/{id}", handle: getHistoryEntry },
];
