import { isJsonObject, type JsonValue } from "../json/exact.ts";

export function isJsonArray(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}

/** Text, a number or a switch as it is written, such as an id that may be either; "" for what is none of these. */
export function scalarText(value: JsonValue | undefined): string {
  return value === undefined || value === null || typeof value === "object" ? "" : String(value);
}

function isPlainObject(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/**
 * Whether JSON can hold `value` as it stands: no dates, functions, `NaN`. Written by hand because zod's records
 * drop a `__proto__` key, and a key that vanishes here is a key nobody refuses.
 */
export function isJsonValue(value: unknown): value is JsonValue {
  switch (typeof value) {
    case "string":
    case "boolean":
    case "bigint":
      return true;
    case "number":
      return Number.isFinite(value);
    case "object":
      if (value === null) return true;
      if (Array.isArray(value)) return value.every(isJsonValue);
      return isPlainObject(value) && Object.values(value).every((member) => member === undefined || isJsonValue(member));
    default:
      return false;
  }
}

/** `value` with `replacement` at `path`; everything off the path is shared, nothing is changed in place. */
export function setAt(value: JsonValue | undefined, path: readonly string[], replacement: JsonValue): JsonValue {
  const [key, ...rest] = path;
  if (key === undefined) return replacement;
  if (isJsonArray(value)) return value.map((item, index) => (String(index) === key ? setAt(item, rest, replacement) : item));
  const object = isJsonObject(value) ? value : {};
  return { ...object, [key]: setAt(object[key], rest, replacement) };
}

/** The value at `path`, or `undefined` where the path leads nowhere. */
export function valueAt(value: JsonValue | undefined, path: readonly PropertyKey[]): JsonValue | undefined {
  let current = value;
  for (const part of path) {
    const key = String(part);
    if (isJsonArray(current)) current = current[Number(key)];
    else if (isJsonObject(current)) current = Object.hasOwn(current, key) ? current[key] : undefined;
    else return undefined;
  }
  return current;
}
