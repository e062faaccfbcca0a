import type { JsonValue } from "../../json/exact.ts";
import type { InputSpec, UploadKind } from "../catalog/input-spec.ts";
import type { Parameter, ParameterType } from "./parameter.ts";

export type Described = Pick<Parameter, "type" | "min" | "max" | "step" | "options" | "multiline" | "inCatalog">;

const nothing = { min: undefined, max: undefined, step: undefined, options: undefined, multiline: false } as const;

const uploadTypes: Readonly<Record<UploadKind, ParameterType>> = {
  image: "image",
  animated_image: "image",
  video: "video",
  audio: "audio",
  file: "file",
};

/** The JSON type of a literal and no more: a 1 may well be a 1.0. */
function typeOfLiteral(value: JsonValue): ParameterType {
  switch (typeof value) {
    case "string":
      return "string";
    case "boolean":
      return "boolean";
    case "number":
      return "number";
    case "bigint":
      return "integer";
    default:
      return "json";
  }
}

/** Whether a caller's values of `type` are such as the default is: an export may hold what the catalog does not allow. */
function fits(type: ParameterType, value: JsonValue): boolean {
  switch (type) {
    case "integer":
      return typeof value === "bigint" || Number.isInteger(value);
    case "number":
      return typeof value === "number" || typeof value === "bigint";
    case "boolean":
      return typeof value === "boolean";
    case "choice":
    case "json":
      return true;
    default:
      return typeof value === "string";
  }
}

function describeSpec(spec: InputSpec): Omit<Described, "inCatalog"> | undefined {
  switch (spec.kind) {
    case "int":
      return { ...nothing, type: "integer", min: spec.min, max: spec.max, step: spec.step };
    case "float":
      return { ...nothing, type: "number", min: spec.min, max: spec.max, step: spec.step };
    case "string":
      return { ...nothing, type: "string", multiline: spec.multiline };
    case "boolean":
      return { ...nothing, type: "boolean" };
    case "combo":
      if (spec.upload !== undefined) return { ...nothing, type: uploadTypes[spec.upload] };
      return spec.multiselect ? { ...nothing, type: "json" } : { ...nothing, type: "choice", options: spec.options };
    default:
      return undefined;
  }
}

/** Type, range and options of an input: from the catalog, or from the literal where it says nothing. */
export function describeInput(spec: InputSpec | undefined, value: JsonValue): Described {
  const described = spec === undefined ? undefined : describeSpec(spec);
  if (described !== undefined && fits(described.type, value)) return { ...described, inCatalog: true };
  return { ...nothing, type: typeOfLiteral(value), multiline: typeof value === "string" && value.includes("\n"), inCatalog: false };
}

function larger(a: number | bigint | undefined, b: number | bigint | undefined): number | bigint | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return a > b ? a : b;
}

function smaller(a: number | bigint | undefined, b: number | bigint | undefined): number | bigint | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return a < b ? a : b;
}

/**
 * What suits two inputs that get the same value. An input that no catalog knows takes what the other takes; of two types
 * the first counts, except that whole numbers suit both.
 */
export function intersection(a: Described, b: Described): Described {
  if (!b.inCatalog) return a;
  if (!a.inCatalog) return b;
  const numeric = (type: ParameterType): boolean => type === "integer" || type === "number";
  if (numeric(a.type) && numeric(b.type)) {
    const type = a.type === "integer" || b.type === "integer" ? "integer" : "number";
    return { ...a, type, min: larger(a.min, b.min), max: smaller(a.max, b.max), step: larger(a.step, b.step) };
  }
  if (a.type === "string" && b.type === "choice") return b;
  if (a.type === "choice" && b.type === "choice" && a.options !== undefined && b.options !== undefined) {
    if (a.options === b.options) return a;
    const other = new Set(b.options);
    return { ...a, options: a.options.filter((option) => other.has(option)) };
  }
  return { ...a, multiline: a.multiline || b.multiline };
}
