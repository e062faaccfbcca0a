import { parse as parseLossless, stringify as stringifyLossless } from "lossless-json";

/** Any JSON value, where an integer beyond ±(2^53−1) is a `bigint` and every other number a `number`. */
export type JsonValue = string | number | bigint | boolean | null | readonly JsonValue[] | JsonObject;
export type JsonObject = { readonly [key: string]: JsonValue | undefined };

/** Whether a value is an object with members: no array, and not null. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Shorter integers are below 2^53: a double does not round them. */
const roundedDigits = 16;
const integer = /^-?\d+$/;

function parseNumber(text: string): number | bigint {
  const value = Number(text);
  return integer.test(text) && !Number.isSafeInteger(value) ? BigInt(text) : value;
}

function isDigit(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= 0x30 && code <= 0x39;
}

/** Whether as many digits stand in a row as a rounded integer has. Looks at every sixteenth character: each such row has one. */
function mayHoldBigInteger(text: string): boolean {
  for (let at = roundedDigits - 1; at < text.length; at += roundedDigits) {
    if (!isDigit(text, at)) continue;
    let start = at;
    while (start > 0 && isDigit(text, start - 1)) start -= 1;
    let end = at + 1;
    while (end - start < roundedDigits && isDigit(text, end)) end += 1;
    if (end - start >= roundedDigits) return true;
  }
  return false;
}

/** Whether a number is so large that an integer may have been rounded to it. */
function holdsRounded(value: unknown): boolean {
  if (typeof value === "number") return value > Number.MAX_SAFE_INTEGER || value < Number.MIN_SAFE_INTEGER;
  if (typeof value !== "object" || value === null) return false;
  return Object.values(value).some(holdsRounded);
}

/**
 * Parses JSON without rounding integers: ComfyUI's seeds go up to 2^64−1 (comfyui-protocol.md §1.6).
 * `__proto__` stays an ordinary key of the result and is never followed.
 *
 * @throws {SyntaxError} when `text` is not JSON.
 */
export function parseJson(text: string): unknown {
  if (!mayHoldBigInteger(text)) return JSON.parse(text);
  const value: unknown = JSON.parse(text);
  // Mostly the digits of a fraction, or of a seed below 2^53.
  return holdsRounded(value) ? parseLossless(text, undefined, { parseNumber }) : value;
}

/**
 * Parses what Python's `json.dumps` writes: JSON in which `NaN`, `Infinity` and `-Infinity` may stand as
 * numbers. They become `null`.
 *
 * @throws {SyntaxError} when `text` is not JSON of that kind.
 */
export function parsePythonJson(text: string): unknown {
  // One expression for both would take several times as long to find neither.
  if (!text.includes("NaN") && !text.includes("Infinity")) return parseJson(text);
  const cleaned = text.replace(/"[^"\\]*(?:\\.[^"\\]*)*"|-?Infinity|NaN/gs, (token) => (token.startsWith('"') ? token : "null"));
  return parseJson(cleaned);
}

function holdsBigInt(value: unknown): boolean {
  if (typeof value === "bigint") return true;
  if (typeof value !== "object" || value === null) return false;
  return Object.values(value).some(holdsBigInt);
}

function stringifyFast(value: JsonValue | object, space: number | undefined): string | undefined {
  try {
    return JSON.stringify(value, undefined, space);
  } catch (error) {
    // What it says of a `bigint`, which is rarely there: looking for one beforehand would cost as much as the writing.
    if (error instanceof TypeError && holdsBigInt(value)) return stringifyLossless(value, undefined, space);
    throw error;
  }
}

/** The JSON text of a value that may hold `bigint`s, which are written as plain digits. `undefined` members are left out. */
export function stringifyJson(value: JsonValue | object, space?: number): string {
  const text = stringifyFast(value, space);
  if (text === undefined) throw new TypeError("not a JSON value");
  return text;
}
