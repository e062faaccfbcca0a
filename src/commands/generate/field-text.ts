import type { Field } from "../../codegen/plan/endpoint.ts";
import { type JsonValue, stringifyJson } from "../../json/exact.ts";

/** Longest cell of the table. */
const maxCell = 34;

export function cut(text: string, width = maxCell): string {
  const line = text.replace(/\s+/g, " ");
  return [...line].length > width ? `${[...line].slice(0, width - 1).join("")}…` : line;
}

export function typeText({ type }: Field): string {
  if (type.kind === "file") return type.accepts;
  if (type.kind === "choice") return type.open ? "file name" : "choice";
  return type.kind;
}

export function rangeText({ type }: Field): string {
  switch (type.kind) {
    case "integer":
    case "seed":
      return `${type.min} … ${type.max}${type.kind === "integer" && type.step !== null ? `, by ${type.step}` : ""}`;
    case "number":
      return type.min === null && type.max === null ? "" : `${type.min ?? ""} … ${type.max ?? ""}`;
    case "choice":
      return type.open ? "" : cut(type.options.map(String).join(", "));
    default:
      return "";
  }
}

export function valueText(value: JsonValue | undefined): string {
  return value === undefined ? "" : stringifyJson(value);
}

export function defaultText(field: Field): string {
  if (field.default !== undefined) return cut(valueText(field.default));
  return field.type.kind === "seed" ? "(drawn)" : "(required)";
}

export function setsText({ candidate }: Field): string {
  return cut(candidate.sets.map(({ nodeId, input }) => `${nodeId}.${input}`).join(", "));
}

/** Rows below a head, in columns as wide as they need; the last one is not padded. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => [...(row[column] ?? "")].length)));
  const line = (cells: readonly string[]): string => `  ${cells.map((cell, column) => cell + " ".repeat(Math.max(0, (widths[column] ?? 0) - [...cell].length))).join("  ").trimEnd()}\n`;
  return [head, ...rows].map(line).join("");
}
