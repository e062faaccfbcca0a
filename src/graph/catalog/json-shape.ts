import type { JsonValue } from "../../json/exact.ts";

/** Deeper than any export or catalog known (a dynamic combo in a dynamic group is 12 deep), shallow enough for every stack. */
const maxDepth = 200;

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether `value` is JSON all the way down and at most 200 deep, so that recursion over it is safe. */
export function isShallowJson(value: unknown): value is JsonValue {
  const open: { readonly value: unknown; readonly depth: number }[] = [{ value, depth: 0 }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { value: inner, depth } = next;
    if (inner === null || typeof inner === "string" || typeof inner === "boolean" || typeof inner === "bigint") continue;
    if (typeof inner === "number") {
      if (!Number.isFinite(inner)) return false;
      continue;
    }
    if (typeof inner !== "object" || depth >= maxDepth) return false;
    for (const member of Object.values(inner)) {
      if (member !== undefined) open.push({ value: member, depth: depth + 1 });
    }
  }
  return true;
}

export function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
