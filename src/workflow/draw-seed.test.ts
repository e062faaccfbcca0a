import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { drawSeed } from "./draw-seed.ts";

describe("drawSeed", () => {
  it("stays within any range, as a number wherever a number is exact", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (max) => {
        const seed = drawSeed(max);
        expect(BigInt(seed) >= 0n && BigInt(seed) <= max).toBe(true);
        expect(typeof seed).toBe(BigInt(seed) <= 2n ** 53n - 1n ? "number" : "bigint");
      }),
    );
  });

  it("reaches both ends", () => {
    const drawn = new Set(Array.from({ length: 200 }, () => drawSeed(3n)));
    expect(drawn).toEqual(new Set([0, 1, 2, 3]));
    expect(drawSeed(0n)).toBe(0);
  });

  it("refuses a range that is none", () => {
    expect(() => drawSeed(-1n)).toThrow(RangeError);
    expect(() => drawSeed(2n ** 64n)).toThrow(RangeError);
  });
});
