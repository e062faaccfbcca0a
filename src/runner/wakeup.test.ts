import { expect, it } from "vitest";
import { HeldClock } from "../telemetry/held-clock.ts";
import { Wakeup } from "./wakeup.ts";

it("wait ends at once for a wake that came before it", async () => {
  const clock = new HeldClock();
  const wakeup = new Wakeup(clock);
  wakeup.wake();
  await expect(wakeup.wait(1_000)).resolves.toBe(true);
  expect(clock.pendingTimers).toBe(0);
});

it("a wake ends the wait and leaves no timer", async () => {
  const clock = new HeldClock();
  const wakeup = new Wakeup(clock);
  const waiting = wakeup.wait(1_000);
  wakeup.wake();
  await expect(waiting).resolves.toBe(true);
  expect(clock.pendingTimers).toBe(0);
});

it("the wait ends when its time is over, and the next one waits again", async () => {
  const clock = new HeldClock();
  const wakeup = new Wakeup(clock);
  const first = wakeup.wait(1_000);
  clock.advance(1_000);
  await expect(first).resolves.toBe(false);
  const second = wakeup.wait(1_000);
  expect(clock.pendingTimers).toBe(1);
  clock.advance(1_000);
  await expect(second).resolves.toBe(false);
});
