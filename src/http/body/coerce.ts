import { AppError } from "../../errors/app-error.ts";
import { jsonPointer } from "../../errors/pointer.ts";
import type { JsonObject, JsonValue } from "../../json/exact.ts";
import { readJsonText } from "./json-text.ts";

type Schema = JsonValue | undefined;

const jsonNumber = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;

function isObject(value: Schema): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The schemas that a value may follow: itself, what it refers to within `root`, its alternatives. */
function alternatives(schema: Schema, root: JsonObject, depth = 0): readonly JsonObject[] {
  // Deep enough for any real schema, and an end for one that refers to itself.
  if (!isObject(schema) || depth > 8) return [];
  const reference = schema["$ref"];
  const referred = typeof reference === "string" && reference.startsWith("#/") ? resolve(root, reference) : undefined;
  const inner = ["anyOf", "oneOf", "allOf"].flatMap((key) => (Array.isArray(schema[key]) ? schema[key] : []));
  return [schema, ...[referred, ...inner].flatMap((each) => alternatives(each, root, depth + 1))];
}

function resolve(root: JsonObject, reference: string): Schema {
  const steps = reference.slice(2).split("/").map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
  return steps.reduce<Schema>((value, step) => (isObject(value) && Object.hasOwn(value, step) ? value[step] : undefined), root);
}

function typesOf(schemas: readonly JsonObject[]): ReadonlySet<string> {
  const named = schemas.flatMap((schema) => schema["type"] ?? []);
  const shown = schemas.flatMap((schema) => [schema["const"] ?? [], schema["enum"] ?? []].flat()).map((value) => typeof value);
  return new Set([...named, ...shown].filter((type) => typeof type === "string"));
}

function itemSchema(schemas: readonly JsonObject[]): Schema {
  return schemas.find((schema) => isObject(schema["items"]))?.["items"];
}

function coerceText(text: string, schema: Schema, root: JsonObject, pointer: string): unknown {
  const schemas = alternatives(schema, root);
  const types = typesOf(schemas);
  if (types.has("string")) return text;
  if ((types.has("integer") || types.has("number") || types.has("bigint")) && jsonNumber.test(text.trim())) return readOrText(text);
  if (types.has("boolean") && (text === "true" || text === "false")) return text === "true";
  if (types.has("null") && text === "null") return null;
  if ((types.has("object") || types.has("array")) && /^\s*[{[]/.test(text)) return readStructure(text, pointer);
  return text;
}

function readOrText(text: string): unknown {
  const reading = readJsonText(text);
  return "value" in reading ? reading.value : text;
}

function readStructure(text: string, pointer: string): unknown {
  const reading = readJsonText(text);
  if ("value" in reading) return reading.value;
  const message = `This part is not valid JSON: ${reading.fault}`;
  throw new AppError("invalid_multipart", message, { errors: [{ pointer, message }] });
}

/**
 * The value of a field of a form from the texts of its parts, in the type that the schema of the inputs wants there. A
 * text that does not look like that type stays a text: the schema then says what is wrong with it.
 *
 * @throws {AppError} `invalid_multipart` for broken JSON where an object or a list stands
 */
export function coerceField(name: string, texts: readonly string[], inputSchema: JsonObject): unknown {
  const properties = inputSchema["properties"];
  const schema = isObject(properties) && Object.hasOwn(properties, name) ? properties[name] : undefined;
  const pointer = jsonPointer([name]);
  const schemas = alternatives(schema, inputSchema);
  const [first = ""] = texts;
  const isList = typesOf(schemas).has("array");
  if (texts.length === 1 && !(isList && !/^\s*\[/.test(first))) return coerceText(first, schema, inputSchema, pointer);
  return texts.map((text, index) => coerceText(text, itemSchema(schemas), inputSchema, `${pointer}/${index}`));
}
