import { randomUUID } from "node:crypto";
import type { JsonObject, JsonValue } from "../../json/exact.ts";
import { isList, isObject } from "../json-shape.ts";
import { ConversionError, toPythonBool, toPythonFloat, toPythonString } from "../python-conversion.ts";
import type { ServerLife } from "../server-life.ts";
import { validationError } from "../validation-error.ts";
import { MalformedPrompt, validatePrompt } from "../validation.ts";
import { ImitatedTrouble, json, type Answer } from "./answer.ts";
import { jsonBody, type Request } from "./request.ts";
import type { Route } from "./router.ts";

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

function promptNumber(body: JsonObject, life: ServerLife): number {
  const given = body["number"];
  if (given === undefined) {
    const number = life.takeNumber();
    return toPythonBool(body["front"] ?? null) ? -number : number;
  }
  try {
    return toPythonFloat(given);
  } catch (error) {
    if (error instanceof ConversionError) throw new ImitatedTrouble(error.message);
    throw error;
  }
}

/** @returns null when the newer server refuses it */
function promptId(given: JsonValue | undefined, life: ServerLife): string | null {
  if (life.params.dialect === "next") {
    if (given === undefined || given === null) return randomUUID();
    return typeof given === "string" && uuid.test(given) ? given : null;
  }
  return given === undefined ? randomUUID() : toPythonString(given);
}

function refused(error: JsonObject, nodeErrors: JsonObject = {}): Answer {
  return json({ error, node_errors: nodeErrors }, 400);
}

function targetsOf(body: JsonObject): readonly JsonValue[] | null {
  const targets = body["partial_execution_targets"] ?? null;
  if (targets !== null && !isList(targets)) throw new ImitatedTrouble("the targets are no list");
  return targets;
}

function validated(prompt: unknown, body: JsonObject, life: ServerLife): ReturnType<typeof validatePrompt> {
  const { definitions, files, dialect } = life.params;
  try {
    return validatePrompt({ prompt, targets: targetsOf(body), definitions, files, dialect });
  } catch (error) {
    if (error instanceof MalformedPrompt) throw new ImitatedTrouble(error.message);
    throw error;
  }
}

function extraDataOf(body: JsonObject): JsonObject {
  const given = body["extra_data"] === undefined ? {} : body["extra_data"];
  if (!isObject(given)) throw new ImitatedTrouble("extra_data is no object");
  return body["client_id"] === undefined ? given : { ...given, client_id: body["client_id"] };
}

function postPrompt(request: Request, life: ServerLife): Answer {
  const parsed = jsonBody(request);
  // Python's `in` also works on lists and strings, where no key is found.
  if (!isObject(parsed) && !isList(parsed) && typeof parsed !== "string") throw new ImitatedTrouble("the body cannot be searched");
  const body = isObject(parsed) ? parsed : {};
  const id = promptId(body["prompt_id"], life);
  if (id === null) {
    const given = toPythonString(body["prompt_id"] ?? null);
    return refused(validationError("invalid_prompt_id", "prompt_id must be a canonical lower-case UUID", given));
  }
  const number = promptNumber(body, life);
  const prompt = body["prompt"];
  if (prompt === undefined) return refused(validationError("no_prompt", "No prompt provided", "No prompt provided"));
  const validation = validated(prompt, body, life);
  const extraData = extraDataOf(body);
  if (!validation.ok) return refused(validation.error, validation.nodeErrors);
  try {
    life.put({ number, promptId: id, prompt: validation.prompt, extraData, outputs: validation.outputs });
  } catch (error) {
    if (error instanceof TypeError) throw new ImitatedTrouble(error.message);
    throw error;
  }
  return json({ prompt_id: id, number, node_errors: validation.nodeErrors });
}

export const promptRoutes: readonly Route[] = [
  { method: "POST", path: "/prompt", handle: postPrompt },
  { method: "GET", path: "/prompt", handle: (_request, life) => json({ exec_info: { queue_remaining: life.queueRemaining } }) },
];
