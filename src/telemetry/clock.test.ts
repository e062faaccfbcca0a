import { expect, it } from "vitest";
import { systemClock } from "./clock.ts";

it("the system's clock runs a timer and drops a cancelled one", async () => {
  const ran: string[] = [];
  const cancelled = systemClock.after(0, () => ran.push("cancelled"));
  cancelled.cancel();
  await new Promise<void>((done) => {
    systemClock.after(5, () => {
      ran.push("kept");
      done();
    });
  });
  expect(ran).toEqual(["kept"]);
});
