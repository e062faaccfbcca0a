import { describe, expect, it } from "vitest";
import { checkpoints, killAt } from "./checkpoint.ts";

function killsOf(place: string, passages: readonly (typeof checkpoints)[number][]): number[] {
  const kills: number[] = [];
  let at = 0;
  const checkpoint = killAt(place, () => kills.push(at));
  for (at = 0; at < passages.length; at += 1) {
    const passage = passages[at];
    if (passage !== undefined) checkpoint(passage);
  }
  return kills;
}

describe("killAt", () => {
  it("kills at the first passage of its place and at no other place", () => {
    expect(killsOf("mid-run", ["claimed", "mid-run", "committed", "mid-run"])).toEqual([1]);
  });

  it("kills at the n-th passage when told so", () => {
    expect(killsOf("mid-copy:2", ["mid-copy", "claimed", "mid-copy", "mid-copy"])).toEqual([2]);
  });

  it.each(["", "nowhere", "mid-copy:0", "mid-copy:x", "mid-copy:1:2"])("refuses “%s”, which would kill nowhere", (place) => {
    expect(() => killAt(place, () => undefined)).toThrow(RangeError);
  });
});

it("names each place once, and at least the twelve that a job passes", () => {
  expect(new Set(checkpoints).size).toBe(checkpoints.length);
  expect(checkpoints.length).toBeGreaterThanOrEqual(12);
});
