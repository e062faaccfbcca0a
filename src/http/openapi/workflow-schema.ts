import type { JsonObject, JsonValue } from "../../json/exact.ts";
import { isJsonArray, isJsonObject } from "../../workflow/json-value.ts";
import type { Workflow } from "../../workflow/workflow.ts";

function rebase(value: JsonValue | undefined, base: string): JsonValue | undefined {
  if (isJsonArray(value)) return value.map((item) => rebase(item, base) ?? null);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, key === "$ref" && typeof inner === "string" && inner.startsWith("#") ? `${base}${inner.slice(1)}` : rebase(inner, base)]),
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
  return {
    ...schema,
    properties: Object.fromEntries(
      Object.entries(properties).map(([name, property]) => [name, isJsonObject(property) ? formProperty(property, fields.get(name)) : property]),
    ),
  };
}

/** @param depth of the file below the inputs: 1 for a file, 2 for a list of files */
function formProperty(property: JsonObject, depth: number | undefined): JsonObject {
  const file = { type: "string", format: "binary" };
  const description = property["description"];
  const described = typeof description === "string" ? { description } : {};
  if (depth === 1) return { ...file, ...described };
  return depth === 2 && property["type"] === "array" ? { type: "array", items: file, ...described } : property;
}
