import { isJsonObject, type JsonObject, type JsonValue } from "../json/exact.ts";
import { isJsonArray } from "./json-value.ts";

/** A `$ref` that leads to a `$ref` … more often than this is a loop. */
const maxRefHops = 8;

/** Follows `#` and `#/$defs/name`, the only references zod writes. A reference that leads nowhere says nothing: `{}`. */
export function resolveNode(root: JsonObject, node: JsonValue | undefined): JsonObject {
  let current = node;
  for (let hop = 0; hop < maxRefHops; hop += 1) {
    if (!isJsonObject(current)) return {};
    const ref = current["$ref"];
    if (typeof ref !== "string") return current;
    const definitions = root["$defs"];
    const name = ref.startsWith("#/$defs/") ? ref.slice("#/$defs/".length).replaceAll("~1", "/").replaceAll("~0", "~") : null;
    if (ref === "#") current = root;
    else current = name !== null && isJsonObject(definitions) && Object.hasOwn(definitions, name) ? definitions[name] : undefined;
  }
  return {};
}

/** The members of `anyOf`, `oneOf` and `allOf`, as they stand. */
export function alternatives(node: JsonObject): readonly JsonValue[] {
  return ["anyOf", "oneOf", "allOf"].flatMap((keyword) => {
    const members = node[keyword];
    return isJsonArray(members) ? members : [];
  });
}

/** The named properties of an object schema. */
export function propertiesOf(node: JsonObject): JsonObject {
  const properties = node["properties"];
  return isJsonObject(properties) ? properties : {};
}

/** What an integer schema (also a nullable one) allows, or null for any other schema. */
export function integerRange(root: JsonObject, property: JsonValue | undefined): { min: bigint; max: bigint } | null {
  const node = resolveNode(root, property);
  if (node["type"] === "integer") {
    return {
      min: bound(node["minimum"], Math.ceil) ?? after(bound(node["exclusiveMinimum"], Math.floor), 1n) ?? -(2n ** 63n),
      max: bound(node["maximum"], Math.floor) ?? after(bound(node["exclusiveMaximum"], Math.ceil), -1n) ?? 2n ** 64n - 1n,
    };
  }
  const members = alternatives(node).filter((member) => resolveNode(root, member)["type"] !== "null");
  return members.length === 1 ? integerRange(root, members[0]) : null;
}

function bound(value: JsonValue | undefined, round: (value: number) => number): bigint | null {
  if (typeof value === "bigint") return value;
  return typeof value === "number" ? BigInt(round(value)) : null;
}

function after(value: bigint | null, step: bigint): bigint | null {
  return value === null ? null : value + step;
}
