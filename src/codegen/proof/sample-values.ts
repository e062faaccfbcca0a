import type { JsonValue } from "../../json/exact.ts";
import type { CandidateType } from "../plan/candidate.ts";
import { valueFault } from "../plan/narrow-type.ts";

function narrow(value: bigint): number | bigint {
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

function textOf(value: JsonValue): string {
  return typeof value === "string" ? value : "";
}

function candidates(type: CandidateType, value: JsonValue): readonly JsonValue[] {
  switch (type.kind) {
    case "text":
      return [`${textOf(value)} ~`];
    case "file":
      return [`other-${textOf(value)}`];
    case "boolean":
      return [value !== true];
    case "choice":
      return [...type.options.filter((option) => option !== value), ...(type.open ? [`other-${textOf(value)}`] : [])];
    case "seed":
    case "integer": {
      if (typeof value !== "number" && typeof value !== "bigint") return [];
      const step = BigInt(type.kind === "integer" ? (type.step ?? 1) : 1);
      return [narrow(BigInt(value) + step), narrow(BigInt(value) - step)];
    }
    case "number": {
      const number = Number(value);
      const bounds = [type.min, type.max].filter((bound) => bound !== null);
      // A quarter more is another number at any size; the bounds remain where nothing lies above.
      return [number + 0.25, number - 0.25, number * 1.25, ...bounds, ...bounds.map((bound) => (bound + number) / 2)];
    }
  }
}

/** Another value of the type, or `undefined` where there is only one. */
export function otherLegalValue(type: CandidateType, value: JsonValue): JsonValue | undefined {
  return candidates(type, value).find((other) => other !== value && valueFault(type, other) === null);
}

function below(bound: number | bigint | null): readonly JsonValue[] {
  if (bound === null) return [];
  if (typeof bound === "bigint" || Number.isSafeInteger(bound - 1)) return [narrow(BigInt(bound) - 1n)];
  const lower = bound - Math.abs(bound);
  return Number.isInteger(bound) && lower < bound && Number.isFinite(lower) ? [lower] : [];
}

function above(bound: number | bigint | null): readonly JsonValue[] {
  if (bound === null) return [];
  if (typeof bound === "bigint" || Number.isSafeInteger(bound + 1)) return [narrow(BigInt(bound) + 1n)];
  return [];
}

/** Values that the type does not allow: out of range, none of the options, of another type. */
export function illegalValues(type: CandidateType): readonly JsonValue[] {
  switch (type.kind) {
    case "text":
    case "file":
      return [42, true, null];
    case "boolean":
      return ["yes", 2];
    case "choice":
      return [...(type.open ? [] : ["\u0000none of the options"]), type.options.includes(0.5) ? 0.75 : 0.5, null];
    case "integer":
    case "seed":
      return ["many", 1.5, ...below(type.min), ...above(type.max)];
    case "number":
      return [
        "many",
        ...(type.min === null ? [] : [type.min - Math.max(1, Math.abs(type.min))]),
        ...(type.max === null ? [] : [type.max + Math.max(1, Math.abs(type.max))]),
      ].filter((value) => typeof value === "string" || Number.isFinite(value));
  }
}
