import { randomBytes } from "node:crypto";

/**
 * A seed from 0 to `max`, both included, each as likely as the other. Above 2^53−1 it is a `bigint`, as everywhere
 * in JSON here.
 *
 * @param max at most 2^64−1
 * @throws {RangeError} when `max` is negative or larger
 */
export function drawSeed(max: bigint): number | bigint {
  if (max < 0n || max > 2n ** 64n - 1n) throw new RangeError(`a seed cannot be drawn up to ${max}`);
  const bits = max.toString(2).length;
  for (;;) {
    // Rejecting what lies above keeps the draw even; half of all draws or more are kept.
    const drawn = BigInt.asUintN(bits, randomBytes(8).readBigUInt64BE());
    if (drawn <= max) return Number.isSafeInteger(Number(drawn)) ? Number(drawn) : drawn;
  }
}
