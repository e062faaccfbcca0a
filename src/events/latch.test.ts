import { setImmediate } from "node:timers/promises";
import { expect, it } from "vitest";
import { Latch } from "./latch.ts";

it("lets a wait pass when it was set before, once however often it was set", async () => {
  const latch = new Latch();
  latch.set();
  latch.set();
  await latch.wait();
  let passed = false;
  const second = latch.wait().then(() => {
    passed = true;
  });
  await setImmediate();
  expect(passed).toBe(false);
  latch.set();
  await second;
});
