import { isJsonObject, type JsonObject, type JsonValue } from "../../json/exact.ts";
import { isJsonArray } from "../../workflow/json-value.ts";
import type { Workflow } from "../../workflow/workflow.ts";

function rebase(value: JsonValue | undefined, base: string): JsonValue | undefined {
  if (isJsonArray(value)) return value.map((item) => rebase(item, base) ?? null);
  if (!isJsonObject(value)) return value;
  const isReference = (key: string, inner: JsonValue | undefined): inner is string => key === "$ref" && typeof inner === "string" && inner.startsWith("#");
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, isReference(key, inner) ? `${base}${inner.slice(1)}` : rebase(inner, base)]),
  );
}

/** A workflow's schema as a component: its references to itself then go through the whole document. */
export function componentSchema({ inputSchema }: Workflow, component: string): JsonObject {
  const { $schema: _dialect, ...schema } = inputSchema;
  const base = `#/components/schemas/${component}`;
  return Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, rebase(value, base)]));
}

/** The same inputs as a form: files are parts. Null when the workflow takes none. */
export function formSchema(workflow: Workflow, component: JsonObject): JsonObject | null {
  const properties = component["properties"];
  const fields = new Map(workflow.fileFields.map(({ path }) => [path[0], path.length]));
  if (!isJsonObject(properties) || fields.size === 0) return null;
  const { $defs: _definitions, ...schema } = component;
  const asParts = Object.entries(properties).map(([name, property]): [string, JsonValue | undefined] => [
    name,
    isJsonObject(property) ? (filePart(property, fields.get(name)) ?? textPart(property, workflow.example[name])) : property,
  ]);
  return { ...schema, properties: Object.fromEntries(asParts) };
}

/** @param depth of the file below the inputs: 1 for a file, 2 for a list of files; null for what is no file */
function filePart(property: JsonObject, depth: number | undefined): JsonObject | null {
  const file = { type: "string", format: "binary" };
  const { description, default: byDefault } = property;
  if (depth === 1) return { ...file, description };
  return depth === 2 && property["type"] === "array" ? { type: "array", items: file, description, default: byDefault } : null;
}

/** Explorers fill in a form from its fields' own examples, not from the example of the whole. */
function textPart(property: JsonObject, example: JsonValue | undefined): JsonObject {
  return example === undefined || "default" in property || "examples" in property ? property : { ...property, examples: [example] };
}
