import { stringifyJson, type JsonObject, type JsonValue } from "../../json/exact.ts";

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Text, or bytes in any number of pieces. */
  readonly body: string | readonly Uint8Array[];
}

export function json(value: JsonObject | readonly JsonValue[], status = 200): Answer {
  return { status, headers: { "Content-Type": "application/json; charset=utf-8" }, body: stringifyJson(value) };
}

/** An object with one member. No object is made of it: one for each name that comes would each get a shape of its own. */
export function jsonMember(name: string, value: JsonObject): Answer {
  return { status: 200, headers: { "Content-Type": "application/json; charset=utf-8" }, body: `{${stringifyJson(name)}:${stringifyJson(value)}}` };
}

export function jsonValue(value: JsonValue): Answer {
  return { status: 200, headers: { "Content-Type": "application/json; charset=utf-8" }, body: stringifyJson(value ?? null) };
}

export function plain(status: number, body: string): Answer {
  return { status, headers: { "Content-Type": "text/plain; charset=utf-8" }, body };
}

export function empty(status: number): Answer {
  return { status, headers: {}, body: "" };
}

/** What the static mount answers for every unknown path. */
export const unknownPath: Answer = { status: 404, headers: { "Content-Type": "application/octet-stream" }, body: "" };

/** aiohttp's answer to an exception in a handler. */
export const serverTrouble = plain(500, "500 Internal Server Error\n\nServer got itself in trouble");

export function methodNotAllowed(allowed: readonly string[]): Answer {
  const answer = plain(405, "405: Method Not Allowed");
  return { ...answer, headers: { ...answer.headers, Allow: allowed.join(",") } };
}

/** Thrown where the real handler raises: the answer is `serverTrouble`. */
export class ImitatedTrouble extends Error {
  override readonly name = "ImitatedTrouble";
}
