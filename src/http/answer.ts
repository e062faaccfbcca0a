import { stringifyJson } from "../json/exact.ts";

/** A JSON answer, with big integers written digit for digit. */
export function jsonAnswer(status: number, value: object, headers: Readonly<Record<string, string>> = {}): Response {
  return textAnswer(status, stringifyJson(value), { "Content-Type": "application/json", ...headers });
}

export function textAnswer(status: number, text: string, headers: Readonly<Record<string, string>>): Response {
  // The length is set here because HEAD drops the body it would otherwise be taken from.
  return new Response(text, { status, headers: { "Content-Length": String(Buffer.byteLength(text)), ...headers } });
}
