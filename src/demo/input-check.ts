import type { JsonObject, JsonValue } from "../json/exact.ts";
import type { FileTree } from "./file-tree.ts";
import { isList, isObject } from "./json-shape.ts";
import { inputConfig, resolveType, type InputSpec, type NodeDefinition } from "./node-definition.ts";
import { ConversionError, pythonRepr, toPythonBool, toPythonFloat, toPythonInt, toPythonString } from "./python-conversion.ts";
import { knownError, validationError, type ValidationError } from "./validation-error.ts";

/** Option lists longer than this are left out of error bodies. */
const maxListedOptions = 20;

export type Dialect = "0.3.64" | "next";

function converted(type: string | readonly string[], value: JsonValue): JsonValue {
  if (type === "INT") return toPythonInt(value);
  if (type === "FLOAT") return toPythonFloat(value);
  if (type === "STRING") return toPythonString(value);
  if (type === "BOOLEAN") return toPythonBool(value);
  return value;
}

function isNumeric(value: JsonValue | undefined): value is number | bigint {
  return typeof value === "number" || typeof value === "bigint";
}

/** The options to check against: those of a V3 COMBO are only checked by newer servers (comfyui-protocol.md §1.1). */
function checkedOptions(spec: InputSpec, type: string | readonly string[], dialect: Dialect): readonly JsonValue[] | null {
  if (typeof type !== "string") return type;
  const options = spec.options?.["options"];
  return type === "COMBO" && dialect === "next" && isList(options) ? options : null;
}

/** Checks one literal. @returns its converted value, or the error */
export function checkLiteral(params: {
  readonly definition: NodeDefinition;
  readonly spec: InputSpec;
  readonly received: JsonValue;
  readonly files: FileTree;
  readonly dialect: Dialect;
}): { readonly value: JsonValue; readonly error?: undefined } | { readonly error: ValidationError; readonly value: JsonValue } {
  const { definition, spec, files } = params;
  const { name } = spec;
  const type = resolveType(spec, files);
  const unwrapped = isObject(params.received) ? params.received["__value__"] : undefined;
  let value = unwrapped ?? params.received;
  try {
    value = converted(type, value);
  } catch (error) {
    if (!(error instanceof ConversionError)) throw error;
    const info = { input_name: name, input_config: inputConfig(spec, files), received_value: value, exception_message: error.message };
    const details = `${name}, ${toPythonString(value)}, ${error.message}`;
    return { value, error: validationError("invalid_input_type", `Failed to convert an input value to a ${String(type)} value`, details, info) };
  }

  if (definition.validation?.inputs.includes(name) === true) return { value };
  const { min, max } = spec.options ?? {};
  const info = (): JsonObject => ({ input_name: name, input_config: inputConfig(spec, files), received_value: value });
  if (isNumeric(value) && isNumeric(min) && value < min) {
    return { value, error: validationError("value_smaller_than_min", `Value ${value} smaller than min of ${min}`, name, info()) };
  }
  if (isNumeric(value) && isNumeric(max) && value > max) {
    return { value, error: validationError("value_bigger_than_max", `Value ${value} bigger than max of ${max}`, name, info()) };
  }
  const options = checkedOptions(spec, type, params.dialect);
  if (options !== null && !options.includes(value)) {
    const tooMany = options.length > maxListedOptions;
    const listed = tooMany ? `(list of length ${options.length})` : pythonRepr(options);
    const details = `${name}: '${toPythonString(value)}' not in ${listed}`;
    return { value, error: knownError("value_not_in_list", details, tooMany ? { ...info(), input_config: null } : info()) };
  }
  return { value };
}

/** Types are comma unions; one in common is enough, and `*` fits everything. */
export function typesMatch(received: string, wanted: string | readonly string[]): boolean {
  if (received === wanted || received === "*" || wanted === "*") return true;
  if (typeof wanted !== "string") return false;
  const wantedTypes = new Set(wanted.split(",").map((type) => type.trim()));
  return received.split(",").some((type) => wantedTypes.has(type.trim()));
}
