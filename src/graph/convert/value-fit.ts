import type { JsonValue } from "../../json/exact.ts";
import type { ComboSpec, InputSpec } from "../catalog/input-spec.ts";

/** How well a value suits an input: not at all, in kind only, or in every way the catalog can tell. */
export type Fit = "no" | "loose" | "full";

export const controlWords: ReadonlySet<JsonValue | undefined> = new Set(["fixed", "increment", "decrement", "randomize"]);

function inRange(value: number | bigint, spec: { readonly min: number | bigint | undefined; readonly max: number | bigint | undefined }): Fit {
  const tooLow = spec.min !== undefined && value < spec.min;
  const tooHigh = spec.max !== undefined && value > spec.max;
  return tooLow || tooHigh ? "loose" : "full";
}

function isNumeral(value: JsonValue): boolean {
  return typeof value === "string" && /^-?\d+(\.\d+)?$/.test(value.trim());
}

function isFileName(value: JsonValue): boolean {
  return typeof value === "string" && /\.[A-Za-z]\w{1,11}$/.test(value);
}

function comboFit(spec: ComboSpec, value: JsonValue): Fit {
  if (spec.options.includes(value)) return "full";
  if (Array.isArray(value)) return spec.multiselect ? "full" : "no";
  if (typeof value === "object" || controlWords.has(value)) return "no";
  // Which files there are differs from machine to machine.
  return typeof value === "string" && (spec.options.length === 0 || spec.remoteRoute !== undefined || (isFileName(value) && spec.options.some(isFileName))) ? "full" : "loose";
}

export function fitOf(spec: InputSpec, value: JsonValue): Fit {
  switch (spec.kind) {
    case "int":
      if (typeof value === "bigint" || (typeof value === "number" && Number.isInteger(value))) return inRange(value, spec);
      return typeof value === "number" || isNumeral(value) ? "loose" : "no";
    case "float":
      if (typeof value === "bigint" || typeof value === "number") return inRange(value, spec);
      return isNumeral(value) ? "loose" : "no";
    case "string":
      if (typeof value === "string") return controlWords.has(value) ? "loose" : "full";
      return typeof value === "object" ? "no" : "loose";
    case "boolean":
      if (typeof value === "boolean") return "full";
      return value === 0 || value === 1 || value === "true" || value === "false" ? "loose" : "no";
    case "combo":
      return comboFit(spec, value);
    case "dynamic_combo":
      return spec.choices.some((choice) => choice.key === value) ? "full" : "no";
    case "widget":
      return value === null ? "loose" : "full";
    case "socket":
    case "autogrow":
    case "dynamic_slot":
    case "dynamic_group":
      return "no";
  }
}

/** What the front end gives a widget that a saved file has no value for. `undefined`: nothing is sent. */
export function defaultOf(spec: InputSpec): JsonValue | undefined {
  if (spec.default !== undefined && spec.default !== null) return spec.default;
  switch (spec.kind) {
    case "combo":
      return spec.multiselect ? undefined : spec.options[0];
    case "dynamic_combo":
      return spec.choices[0]?.key;
    case "int":
    case "float":
      return 0;
    case "string":
      return "";
    case "boolean":
      return false;
    case "widget":
    case "socket":
    case "autogrow":
    case "dynamic_slot":
    case "dynamic_group":
      return undefined;
  }
}
