import type { InputSpec } from "../../graph/catalog/input-spec.ts";

type Bound = number | bigint | undefined;

function larger<T extends Bound>(a: T, b: T): T {
  if (a === undefined || b === undefined) return a ?? b;
  return a > b ? a : b;
}

function smaller<T extends Bound>(a: T, b: T): T {
  if (a === undefined || b === undefined) return a ?? b;
  return a < b ? a : b;
}

/** One spec that keeps both, or null where no value can be right in both places. */
function mergeTwo(a: InputSpec, b: InputSpec): InputSpec | null {
  if (a.kind === "int" && b.kind === "int") return { ...a, min: larger(a.min, b.min), max: smaller(a.max, b.max) };
  if (a.kind === "float" && b.kind === "float") return { ...a, min: larger(a.min, b.min), max: smaller(a.max, b.max) };
  if (a.kind === "int" && b.kind === "float") return { ...a, min: larger<Bound>(a.min, b.min), max: smaller<Bound>(a.max, b.max) };
  if (a.kind === "float" && b.kind === "int") return mergeTwo(b, a);
  if (a.kind === "combo" && b.kind === "combo" && a.upload === b.upload && a.multiselect === b.multiselect) {
    return { ...a, options: a.options.filter((option) => b.options.includes(option)) };
  }
  if (a.kind === "string" && b.kind === "combo" && b.upload === undefined) return b;
  if (a.kind === "combo" && b.kind === "string") return mergeTwo(b, a);
  if (a.kind === b.kind && (a.kind === "string" || a.kind === "boolean" || a.kind === "widget")) return a;
  return null;
}

/** What a value must be to go to every place, or the two places that no value suits. */
export function mergeSpecs(specs: readonly InputSpec[]): InputSpec | null | { readonly clash: readonly [InputSpec, InputSpec] } {
  let merged: InputSpec | null = null;
  for (const spec of specs) {
    const both: InputSpec | null = merged === null ? spec : mergeTwo(merged, spec);
    if (both === null && merged !== null) return { clash: [merged, spec] };
    merged = both;
  }
  return merged;
}
