import type { JsonObject, JsonValue } from "../json/exact.ts";

export function isList(value: unknown): value is readonly JsonValue[] {
  return Array.isArray(value);
}

/** For what `parseJson` returned, which holds nothing but JSON. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
