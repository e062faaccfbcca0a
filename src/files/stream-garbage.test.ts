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

it("a program that may not ask for it does without", () => {
  expect(() => new StreamGarbage().add(1e9)).not.toThrow();
});
