import { GCProfiler } from "node:v8";
import { expect, it } from "vitest";
import { StreamGarbage } from "./stream-garbage.ts";

it("a long stream's buffers are cleared away every two mebibytes, and a picture's not at all", () => {
  let cleared = 0;
  const garbage = new StreamGarbage(() => (cleared += 1));
  garbage.add(450_000);
  expect(cleared).toBe(0);
  for (let piece = 0; piece < 40; piece += 1) garbage.add(256 * 1024);
  expect(cleared).toBe(5);
});

it("V8 looks through its youngest objects for it, and not through all there are", () => {
  const profiler = new GCProfiler();
  const garbage = new StreamGarbage();
  profiler.start();
  garbage.add(1e9);
  garbage.add(1e9);
  expect(profiler.stop()?.statistics.map(({ gcType }) => gcType)).toEqual(["Scavenge", "Scavenge"]);
});
