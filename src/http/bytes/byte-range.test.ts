import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readRange } from "./byte-range.ts";

describe("readRange", () => {
  it.each([
    ["bytes=0-9", { start: 0, end: 9 }],
    ["bytes=90-", { start: 90, end: 99 }],
    ["bytes=-10", { start: 90, end: 99 }],
    ["bytes=-1000", { start: 0, end: 99 }],
    ["bytes=50-1000", { start: 50, end: 99 }],
    ["BYTES=0-0", { start: 0, end: 0 }],
    ["bytes=100-", "unsatisfiable"],
    ["bytes=-0", "unsatisfiable"],
    ["bytes=9-1", null],
    ["bytes=-", null],
    ["bytes=0-1,5-6", null],
    ["items=0-1", null],
    ["bytes=a-b", null],
    [undefined, null],
  ])("reads %s of 100 bytes as %j", (header, range) => {
    expect(readRange(header, 100)).toEqual(range);
  });

  it("never leaves the file", () => {
    fc.assert(
      fc.property(fc.nat(200), fc.option(fc.nat(300)), fc.option(fc.nat(300)), (size, first, last) => {
        const range = readRange(`bytes=${first ?? ""}-${last ?? ""}`, size);
        if (range === null || range === "unsatisfiable") return;
        expect(range.start).toBeGreaterThanOrEqual(0);
        expect(range.end).toBeLessThan(size);
        expect(range.start).toBeLessThanOrEqual(range.end);
      }),
    );
  });
});
