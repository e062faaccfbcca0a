import { setImmediate } from "node:timers/promises";
import { expect, it } from "vitest";
import { Latch } from "./latch.ts";

it("lets a wait pass when it was set before, once however often it was set", async () => {
  const latch = new Latch();
  latch.set();
  latch.set();
  await latch.wait();
  const second = latch.wait();
  expect(await Promise.race([second, setImmediate("waits")])).toBe("waits");
  latch.set();
  await second;
});
