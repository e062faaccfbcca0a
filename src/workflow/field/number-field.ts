import { z } from "zod";

export interface IntegerRange {
  readonly min: number | bigint | undefined;
  readonly max: number | bigint | undefined;
}

const least = -(2n ** 63n);
const greatest = 2n ** 64n - 1n;

function isSafe(value: bigint): boolean {
  return value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER);
}

/** An end of a range as an integer; a catalog may well have written a float there. */
function end(value: number | bigint | undefined, otherwise: bigint, round: (value: number) => number): bigint {
  if (value === undefined || (typeof value === "number" && !Number.isFinite(value))) return otherwise;
  const exact = typeof value === "bigint" ? value : BigInt(round(value));
  return exact < least ? least : exact > greatest ? greatest : exact;
}

/** An integer of a range that may go beyond 2^53: then also as a `bigint`, as everywhere in JSON here. */
export function integerField({ min, max }: IntegerRange): z.ZodType<number | bigint> {
  const low = end(min, least, Math.ceil);
  const high = end(max, greatest, Math.floor);
  const error = `Must be a whole number from ${low} to ${high}`;
  const safeLow = isSafe(low) ? Number(low) : Number.MIN_SAFE_INTEGER;
  const safeHigh = isSafe(high) ? Number(high) : Number.MAX_SAFE_INTEGER;
  // One `check` for both: each method of a schema makes a whole new one, and there are thousands of fields.
  const plain = z.int({ error }).check(z.gte(safeLow, { error }), z.lte(safeHigh, { error }));
  if (isSafe(low) && isSafe(high)) return plain;
  return z.union([plain, z.bigint({ error }).check(z.gte(low, { error }), z.lte(high, { error }))], { error });
}

export function numberField({ min, max }: { readonly min: number | undefined; readonly max: number | undefined }): z.ZodNumber {
  const low = min !== undefined && Number.isFinite(min) ? [z.gte(min)] : [];
  const high = max !== undefined && Number.isFinite(max) ? [z.lte(max)] : [];
  return low.length + high.length === 0 ? z.number() : z.number().check(...low, ...high);
}
