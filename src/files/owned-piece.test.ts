import { expect, it } from "vitest";
import { giveBack } from "./owned-piece.ts";

it("a piece with a memory of its own is empty afterwards", () => {
  const piece = Buffer.allocUnsafeSlow(100);
  expect([giveBack(piece), piece.length]).toEqual([true, 0]);
});

it.each([
  ["a small buffer, which is in Node's block", Buffer.from("hello")],
  ["the beginning of a larger one", new Uint8Array(100).subarray(0, 50)],
  ["the end of a larger one", new Uint8Array(100).subarray(50)],
  ["one that is shared between threads", new Uint8Array(new SharedArrayBuffer(8))],
  ["an empty one", new Uint8Array(0)],
])("%s is left alone", (_what, piece) => {
  const before = [...piece];
  expect(giveBack(piece)).toBe(false);
  expect([...piece]).toEqual(before);
});
