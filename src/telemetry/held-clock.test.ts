import { expect, it } from "vitest";
import { HeldClock } from "./held-clock.ts";

it("stands still until it is advanced", () => {
  const clock = new HeldClock(1000);
  let ran = 0;
  clock.after(10, () => (ran += 1));
  clock.advance(9);
  expect([clock.now(), ran, clock.pendingTimers]).toEqual([1009, 0, 1]);
  clock.advance(1);
  expect([clock.now(), ran, clock.pendingTimers]).toEqual([1010, 1, 0]);
});

it("runs what falls due in order of time, each at its own time", () => {
  const clock = new HeldClock(0);
  const seen: [string, number][] = [];
  clock.after(20, () => seen.push(["second", clock.now()]));
  clock.after(10, () => seen.push(["first", clock.now()]));
  clock.after(20, () => seen.push(["third", clock.now()]));
  clock.advance(100);
  expect(seen).toEqual([["first", 10], ["second", 20], ["third", 20]]);
});

it("runs within the same advance what a timer sets for within it", () => {
  const clock = new HeldClock(0);
  const seen: number[] = [];
  const again = (): void => {
    seen.push(clock.now());
    clock.after(10, again);
  };
  clock.after(10, again);
  clock.advance(35);
  expect(seen).toEqual([10, 20, 30]);
  expect(clock.pendingTimers).toBe(1);
});

it("forgets a cancelled timer, and cancelling one that ran does nothing", () => {
  const clock = new HeldClock(0);
  let ran = 0;
  const early = clock.after(1, () => (ran += 1));
  const late = clock.after(2, () => (ran += 1));
  clock.advance(1);
  early.cancel();
  late.cancel();
  clock.advance(10);
  expect([ran, clock.pendingTimers]).toEqual([1, 0]);
});

it("steps without running a timer, which still runs after its own delay or not at all", () => {
  const clock = new HeldClock(1_000);
  const seen: number[] = [];
  clock.after(10, () => seen.push(clock.now()));
  const cancelled = clock.after(10, () => seen.push(-1));
  clock.step(5_000);
  clock.step(-5_500);
  cancelled.cancel();
  expect([clock.now(), seen]).toEqual([500, []]);
  clock.advance(9);
  expect(seen).toEqual([]);
  clock.advance(1);
  expect(seen).toEqual([510]);
});
