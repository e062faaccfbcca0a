import { z } from "zod";
import { isJsonObject, type JsonObject, type JsonValue } from "../json/exact.ts";
import { isJsonArray, isJsonValue } from "./json-value.ts";

/** zod ends a conversion with JSON.stringify, which refuses bigints: they travel through it as marked text. */
const mark = "\u0000bigint:";

function marked(value: unknown): unknown {
  if (typeof value === "bigint") return `${mark}${value}`;
  if (Array.isArray(value)) return value.map(marked);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, marked(member)]));
}

function unmarked(value: JsonValue): JsonValue {
  if (typeof value === "string") return value.startsWith(mark) ? narrow(BigInt(value.slice(mark.length))) : value;
  if (isJsonArray(value)) return value.map(unmarked);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, member === undefined ? undefined : unmarked(member)]));
}

/** As {@link JsonValue} has it: a `bigint` only where a `number` would round. */
function narrow(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

type Unrepresentable = (context: { readonly zodSchema: z.core.$ZodTypes; readonly path: readonly (string | number)[]; readonly message: string }) => z.core.JSONSchema.BaseSchema;

const bigintAsInteger: Unrepresentable = ({ zodSchema, path, message }) => {
  if (zodSchema instanceof z.ZodBigInt) {
    return {
      type: "integer",
      ...(zodSchema.minValue === null ? {} : { "x-comfyui-api-minimum": marked(zodSchema.minValue) }),
      ...(zodSchema.maxValue === null ? {} : { "x-comfyui-api-maximum": marked(zodSchema.maxValue) }),
    };
  }
  const { def } = zodSchema._zod;
  if (def.type === "default" || def.type === "prefault") return { "x-comfyui-api-default": marked(def.defaultValue) };
  const field = path.filter((_part, index) => path[index - 1] === "properties").join(".");
  throw new Error(`${message}${field === "" ? "" : ` (field ${field})`}`);
};

/** `minimum`, `maximum` and `default` that had to hide from the converter's types get their own names back. */
const hidden: Readonly<Record<string, string>> = { "x-comfyui-api-minimum": "minimum", "x-comfyui-api-maximum": "maximum", "x-comfyui-api-default": "default" };

function isBareInteger(node: JsonValue): node is JsonObject {
  return isJsonObject(node) && node["type"] === "integer" && Object.keys(node).every((key) => ["type", "minimum", "maximum"].includes(key));
}

function outermost(values: readonly (JsonValue | undefined)[], wider: (a: number | bigint, b: number | bigint) => boolean): number | bigint | undefined {
  let found: number | bigint | undefined;
  for (const value of values) {
    if (typeof value !== "number" && typeof value !== "bigint") return undefined;
    if (found === undefined || wider(value, found)) found = value;
  }
  return found;
}

/** A union of a `number` and a `bigint` integer is one integer to whoever writes JSON. */
function collapseIntegers(node: JsonObject): JsonObject {
  const members = node["anyOf"];
  if (!isJsonArray(members) || members.length === 0 || !members.every(isBareInteger)) return node;
  const { anyOf: _anyOf, ...rest } = node;
  const minimum = outermost(members.map((member) => member["minimum"]), (a, b) => a < b);
  const maximum = outermost(members.map((member) => member["maximum"]), (a, b) => a > b);
  return { ...rest, type: "integer", ...(minimum === undefined ? {} : { minimum }), ...(maximum === undefined ? {} : { maximum }) };
}

/** An object without `additionalProperties` would tell a caller that unknown fields are welcome. */
function close(node: JsonObject): JsonObject {
  return isJsonObject(node["properties"]) && node["additionalProperties"] === undefined ? { ...node, additionalProperties: false } : node;
}

function tidy(value: JsonValue, insideAllOf: boolean): JsonValue {
  if (isJsonArray(value)) return value.map((item) => tidy(item, insideAllOf));
  if (!isJsonObject(value)) return value;
  const entries = Object.entries(value).map(([key, member]): [string, JsonValue | undefined] => {
    if (member === undefined || key === "default" || key === "examples" || key === "const" || key === "enum") return [key, member];
    // Below `properties` the keys are the caller's field names, not keywords.
    if ((key === "properties" || key === "$defs") && isJsonObject(member)) {
      return [key, Object.fromEntries(Object.entries(member).map(([name, node]) => [name, node === undefined ? undefined : tidy(node, false)]))];
    }
    return [hidden[key] ?? key, tidy(member, key === "allOf")];
  });
  const node = collapseIntegers(Object.fromEntries(entries));
  return insideAllOf ? node : close(node);
}

/**
 * The JSON Schema (2020-12) of what a caller may send. Unlike zod's own: integers may be `bigint`, a union of both
 * kinds of integer is one integer, and objects are closed.
 *
 * @throws {Error} in words for the module's author, when a field has no form in JSON
 */
export function inputSchemaOf(schema: z.core.$ZodObject): JsonObject {
  const converted: unknown = z.toJSONSchema(schema, { io: "input", target: "draft-2020-12", unrepresentable: bigintAsInteger });
  // Besides the schema, zod hangs a hidden "~standard" on the result; the entries leave it behind.
  const entries: unknown = Object.fromEntries(Object.entries(converted ?? {}));
  if (!isJsonValue(entries)) throw new Error("RequestSchema has no JSON Schema");
  const tidied = tidy(unmarked(entries), false);
  if (!isJsonObject(tidied) || !isJsonObject(tidied["properties"])) {
    throw new Error("RequestSchema must not be given an id with .meta(): it is described in place");
  }
  return { ...tidied, additionalProperties: false };
}

