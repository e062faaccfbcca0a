import { parse as parseLossless, stringify as stringifyLossless } from "lossless-json";

/** Any JSON value, where an integer beyond ±(2^53−1) is a `bigint` and every other number a `number`. */
export type JsonValue = string | number | bigint | boolean | null | readonly JsonValue[] | JsonObject;
export type JsonObject = { readonly [key: string]: JsonValue | undefined };

/** Only a run of 16 digits can hold an integer that a double would round (2^53 has 16 digits). */
const mayHoldBigInteger = /\d{16}/;
const integer = /^-?\d+$/;

function parseNumber(text: string): number | bigint {
  const value = Number(text);
  return integer.test(text) && !Number.isSafeInteger(value) ? BigInt(text) : value;
}

/**
 * Parses JSON without rounding integers: ComfyUI's seeds go up to 2^64−1 (comfyui-protocol.md §1.6).
 * `__proto__` stays an ordinary key of the result and is never followed.
 *
 * @throws {SyntaxError} when `text` is not JSON.
 */
export function parseJson(text: string): unknown {
  if (!mayHoldBigInteger.test(text)) return JSON.parse(text);
  return parseLossless(text, undefined, { parseNumber });
}

/**
 * Parses what Python's `json.dumps` writes: JSON in which `NaN`, `Infinity` and `-Infinity` may stand as
 * numbers. They become `null`.
 *
 * @throws {SyntaxError} when `text` is not JSON of that kind.
 */
export function parsePythonJson(text: string): unknown {
  if (!/NaN|Infinity/.test(text)) return parseJson(text);
  const cleaned = text.replace(/"[^"\\]*(?:\\.[^"\\]*)*"|-?Infinity|NaN/gs, (token) => (token.startsWith('"') ? token : "null"));
  return parseJson(cleaned);
}

function holdsBigInt(value: unknown): boolean {
  if (typeof value === "bigint") return true;
  if (typeof value !== "object" || value === null) return false;
  return Object.values(value).some(holdsBigInt);
}

/** The JSON text of a value that may hold `bigint`s, which are written as plain digits. `undefined` members are left out. */
export function stringifyJson(value: JsonValue | object, space?: number): string {
  // The library that writes bigints takes ten times as long as JSON.stringify.
  const text = holdsBigInt(value) ? stringifyLossless(value, undefined, space) : JSON.stringify(value, undefined, space);
  if (text === undefined) throw new TypeError("not a JSON value");
  return text;
}
