import type { JsonValue } from "../json/exact.ts";
import { isList } from "./json-shape.ts";

/** The message of the Python exception that a conversion raised. */
export class ConversionError extends Error {
  override readonly name = "ConversionError";
}

/** `type(value).__name__`. */
export function pythonType(value: JsonValue): string {
  if (value === null) return "NoneType";
  if (isList(value)) return "list";
  if (typeof value === "object") return "dict";
  if (typeof value === "string") return "str";
  if (typeof value === "boolean") return "bool";
  if (typeof value === "bigint") return "int";
  return Number.isInteger(value) ? "int" : "float";
}

function narrow(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** `int(value)`. */
export function toPythonInt(value: JsonValue): number | bigint {
  if (typeof value === "bigint") return value;
  if (typeof value === "boolean") return value ? 1 : 0;
  if (typeof value === "number") {
    const whole = Math.trunc(value);
    return Number.isSafeInteger(whole) ? whole : BigInt(whole);
  }
  if (typeof value === "string") {
    if (/^\s*[+-]?\d+(?:_\d+)*\s*$/.test(value)) return narrow(BigInt(value.trim().replaceAll("_", "").replace(/^\+/, "")));
    throw new ConversionError(`invalid literal for int() with base 10: ${pythonRepr(value)}`);
  }
  throw new ConversionError(`int() argument must be a string, a bytes-like object or a real number, not '${pythonType(value)}'`);
}

/** `float(value)`; an integer beyond 2^53 is rounded, as in Python. */
export function toPythonFloat(value: JsonValue): number {
  if (typeof value === "number") return value;
  if (typeof value === "bigint") return Number(value);
  if (typeof value === "boolean") return value ? 1 : 0;
  if (typeof value === "string") {
    const text = value.trim();
    if (/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text)) return Number(text);
    throw new ConversionError(`could not convert string to float: ${pythonRepr(value)}`);
  }
  throw new ConversionError(`float() argument must be a string or a real number, not '${pythonType(value)}'`);
}

/** `bool(value)`. */
export function toPythonBool(value: JsonValue): boolean {
  if (value === null) return false;
  if (isList(value)) return value.length > 0;
  if (typeof value === "object") return Object.keys(value).length > 0;
  return Boolean(value);
}

/** `str(value)`. */
export function toPythonString(value: JsonValue): string {
  return typeof value === "string" ? value : pythonRepr(value);
}

/** `repr(value)`. */
export function pythonRepr(value: JsonValue): string {
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "string") {
    const quote = value.includes("'") && !value.includes('"') ? '"' : "'";
    const escaped = value.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll("\t", "\\t").replaceAll("\r", "\\r");
    return quote + (quote === "'" ? escaped.replaceAll("'", "\\'") : escaped) + quote;
  }
  if (isList(value)) return `[${value.map(pythonRepr).join(", ")}]`;
  if (typeof value === "object") {
    const entries = Object.entries(value).map(([key, member]) => `${pythonRepr(key)}: ${pythonRepr(member ?? null)}`);
    return `{${entries.join(", ")}}`;
  }
  return String(value);
}

/** `str()` of a float: whole numbers keep a point. */
export function pythonFloatString(value: number): string {
  return Number.isInteger(value) && Math.abs(value) < 1e16 ? `${value}.0` : String(value);
}
