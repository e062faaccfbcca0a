import { isJsonObject, type JsonObject, type JsonValue } from "../json/exact.ts";
import { alternatives, propertiesOf, resolveNode } from "./schema-node.ts";
import { isJsonArray } from "./json-value.ts";
import { fileAccepts, type FileAccepts, type FileField } from "./workflow.ts";

/** Schemas may be recursive; a file deeper than this is not found. */
const maxDepth = 12;

function acceptsOf(value: JsonValue | undefined): FileAccepts | null {
  return fileAccepts.find((accepts) => accepts === value) ?? null;
}

/**
 * Finds every field marked with `x-file`.
 *
 * @throws {Error} in words for the module's author, when a mark is none of the kinds of file
 */
export function fileFieldsOf(schema: JsonObject): readonly FileField[] {
  const found = new Map<string, FileField>();
  const visit = (member: JsonValue | undefined, path: readonly string[]): void => {
    if (path.length > maxDepth) return;
    const node = resolveNode(schema, member);
    const mark = isJsonObject(member) && member["x-file"] !== undefined ? member["x-file"] : node["x-file"];
    if (mark !== undefined) {
      const accepts = acceptsOf(mark);
      if (accepts === null) throw new Error(`Field ${path.join(".")}: "x-file" must be one of ${fileAccepts.join(", ")}`);
      found.set(JSON.stringify(path), { path, accepts });
      return;
    }
    for (const [name, property] of Object.entries(propertiesOf(node))) visit(property, [...path, name]);
    if (isJsonObject(node["items"])) visit(node["items"], [...path, "*"]);
    if (isJsonObject(node["additionalProperties"])) visit(node["additionalProperties"], [...path, "*"]);
    const tuple = node["prefixItems"];
    if (isJsonArray(tuple)) tuple.forEach((item, index) => visit(item, [...path, String(index)]));
    // Alternatives stand at the same path; a union of itself would never end.
    for (const alternative of alternatives(node)) if (alternative !== member) visitAlternative(alternative, path);
  };
  const seen = new Set<string>();
  const visitAlternative = (alternative: JsonValue, path: readonly string[]): void => {
    const ref = isJsonObject(alternative) ? alternative["$ref"] : undefined;
    if (typeof ref === "string") {
      const key = JSON.stringify([ref, path]);
      if (seen.has(key)) return;
      seen.add(key);
    }
    visit(alternative, path);
  };
  visit(schema, []);
  return [...found.values()];
}

/** Every place in `inputs` that a field's path names, `*` spelled out; only places that hold text. */
export function placesOf(field: FileField, inputs: JsonObject): readonly { readonly path: readonly string[]; readonly source: string }[] {
  const places: { path: readonly string[]; source: string }[] = [];
  const visit = (value: JsonValue | undefined, rest: readonly string[], path: readonly string[]): void => {
    const [part, ...after] = rest;
    if (part === undefined) {
      if (typeof value === "string") places.push({ path, source: value });
      return;
    }
    if (isJsonArray(value)) {
      value.forEach((item, index) => {
        if (part === "*" || part === String(index)) visit(item, after, [...path, String(index)]);
      });
    } else if (isJsonObject(value)) {
      for (const [name, member] of Object.entries(value)) if (part === "*" || part === name) visit(member, after, [...path, name]);
    }
  };
  visit(inputs, field.path, []);
  return places;
}
