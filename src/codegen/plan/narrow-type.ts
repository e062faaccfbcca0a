import type { JsonValue } from "../../json/exact.ts";
import type { CandidateType } from "./candidate.ts";

/** The tighter bounds or fewer options a plan asks for; null: as the catalog has it. */
export interface Narrowing {
  readonly min: number | null;
  readonly max: number | null;
  readonly options: readonly (string | number | boolean)[] | null;
}

export type Narrowed = { readonly type: CandidateType } | { readonly problems: readonly string[] };

function boundsProblems(narrowing: Narrowing, min: number | bigint | null, max: number | bigint | null, whole: boolean): string[] {
  const problems: string[] = [];
  for (const [side, bound] of [["min", narrowing.min], ["max", narrowing.max]] as const) {
    if (bound === null) continue;
    if (whole && !Number.isSafeInteger(bound)) problems.push(`${side} ${bound} is no whole number`);
    if (min !== null && bound < min) problems.push(`${side} ${bound} is below the catalog's ${min}`);
    if (max !== null && bound > max) problems.push(`${side} ${bound} is above the catalog's ${max}`);
  }
  if (narrowing.min !== null && narrowing.max !== null && narrowing.min > narrowing.max) problems.push("min is above max");
  return problems;
}

function narrowNumber(type: CandidateType & { readonly kind: "integer" | "number" }, narrowing: Narrowing): Narrowed {
  if (narrowing.options !== null) return { problems: ["options are for choices; this is a number"] };
  const problems = boundsProblems(narrowing, type.min, type.max, type.kind === "integer");
  if (problems.length > 0) return { problems };
  if (type.kind === "number") return { type: { ...type, min: narrowing.min ?? type.min, max: narrowing.max ?? type.max } };
  const min = narrowing.min ?? type.min;
  // Steps count from the lower bound; with another one they would not meet the same values.
  const step = type.step !== null && typeof min === "number" && min % type.step === 0 ? type.step : null;
  return { type: { ...type, min, max: narrowing.max ?? type.max, step } };
}

function narrowChoice(type: CandidateType & { readonly kind: "choice" }, narrowing: Narrowing): Narrowed {
  const { options } = narrowing;
  if (narrowing.min !== null || narrowing.max !== null) return { problems: ["min and max are for numbers; this is a choice"] };
  if (options === null) return { type };
  const unknown = options.filter((option) => !type.options.includes(option));
  if (unknown.length > 0) return { problems: [`options ${unknown.map((option) => JSON.stringify(option)).join(", ")} are not among the candidate's options`] };
  if (options.length === 0) return { problems: ["options is empty; null offers all of them"] };
  // In the catalog's order, each once: a model's order changes from run to run.
  return { type: { ...type, options: type.options.filter((option) => options.includes(option)), open: false } };
}

/** A candidate's type with a plan's narrowing, or why the plan cannot ask for that. */
export function narrowType(type: CandidateType, narrowing: Narrowing): Narrowed {
  if (type.kind === "integer" || type.kind === "number") return narrowNumber(type, narrowing);
  if (type.kind === "choice") return narrowChoice(type, narrowing);
  const asked = narrowing.min !== null || narrowing.max !== null || narrowing.options !== null;
  return asked ? { problems: [`min, max and options do not go with a ${type.kind}`] } : { type };
}

function isWhole(value: JsonValue): value is number | bigint {
  return typeof value === "bigint" || (typeof value === "number" && Number.isSafeInteger(value));
}

function rangeFault(value: number | bigint, min: number | bigint | null, max: number | bigint | null): string | null {
  if (min !== null && value < min) return `is below ${min}`;
  return max !== null && value > max ? `is above ${max}` : null;
}

/** Why `value` is not of the type, or null when it is. */
export function valueFault(type: CandidateType, value: JsonValue): string | null {
  switch (type.kind) {
    case "text":
    case "file":
      return typeof value === "string" ? null : "is not text";
    case "boolean":
      return typeof value === "boolean" ? null : "is neither true nor false";
    case "integer":
    case "seed": {
      if (!isWhole(value)) return "is no whole number";
      const step = type.kind === "integer" ? type.step : null;
      const fault = rangeFault(value, type.min, type.max);
      return fault ?? (step !== null && Number(value) % step !== 0 ? `is no multiple of ${step}` : null);
    }
    case "number":
      return typeof value === "number" ? rangeFault(value, type.min, type.max) : "is no number";
    case "choice": {
      const isOption = type.options.some((option) => option === value);
      return isOption || (type.open && typeof value === "string") ? null : "is not among the options";
    }
  }
}
