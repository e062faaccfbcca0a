import { AppError } from "../../errors/app-error.ts";
import { jsonPointer } from "../../errors/pointer.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../json/exact.ts";
import { isJsonArray } from "../../workflow/json-value.ts";
import { alternatives, propertiesOf, resolveNode } from "../../workflow/schema-node.ts";
import { readJsonText } from "./json-text.ts";

type Schema = JsonValue | undefined;

const jsonNumber = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;

/** The schemas that a value may follow: itself, and its alternatives at any depth that a real schema has. */
function possible(schema: Schema, root: JsonObject, depth = 0): readonly JsonObject[] {
  if (depth > 8) return [];
  const node = resolveNode(root, schema);
  return [node, ...alternatives(node).flatMap((each) => possible(each, root, depth + 1))];
}

function listOf(value: Schema): readonly JsonValue[] {
  if (value === undefined) return [];
  return isJsonArray(value) ? value : [value];
}

function typesOf(schemas: readonly JsonObject[]): ReadonlySet<string> {
  const named = schemas.flatMap((schema) => listOf(schema["type"])).filter((type) => typeof type === "string");
  const shown = schemas.flatMap((schema) => [...listOf(schema["const"]), ...listOf(schema["enum"])]);
  return new Set([...named, ...shown.map((value) => typeof value)]);
}

function itemSchema(schemas: readonly JsonObject[]): Schema {
  return schemas.find((schema) => isJsonObject(schema["items"]))?.["items"];
}

function coerceText(text: string, schema: Schema, root: JsonObject, pointer: string): unknown {
  const schemas = possible(schema, root);
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
  const properties = propertiesOf(inputSchema);
  const schema = Object.hasOwn(properties, name) ? properties[name] : undefined;
  const pointer = jsonPointer([name]);
  const schemas = possible(schema, inputSchema);
  const [first = ""] = texts;
  const isList = typesOf(schemas).has("array");
  // How a form sends a list in which nothing was chosen.
  if (texts.length === 1 && isList && first === "") return [];
  if (texts.length === 1 && !(isList && !/^\s*\[/.test(first))) return coerceText(first, schema, inputSchema, pointer);
  return texts.map((text, index) => coerceText(text, itemSchema(schemas), inputSchema, `${pointer}/${index}`));
}
