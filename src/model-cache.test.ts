import { expect, it } from "vitest";
import { ModelCache } from "./model-cache.ts";
import { HeldClock } from "./telemetry/held-clock.ts";

function counted(answers: readonly (string | Error)[]): { readonly cache: ModelCache<string>; readonly clock: HeldClock; readonly asked: () => number } {
  const clock = new HeldClock();
  let asked = 0;
  const ask = async (): Promise<string> => {
    const answer = answers[asked] ?? "none";
    asked += 1;
    if (answer instanceof Error) throw answer;
    return answer;
  };
  return { cache: new ModelCache({ ask, clock }), clock, asked: () => asked };
}

it("asks once for everybody who wants it within a minute, and again after that", async () => {
  const { cache, clock, asked } = counted(["first", "second"]);
  expect(await Promise.all([cache.read(), cache.read()])).toEqual(["first", "first"]);
  clock.advance(59_999);
  expect(await cache.read()).toBe("first");
  expect(asked()).toBe(1);
  clock.advance(1);
  expect(await cache.read()).toBe("second");
});

it("keeps no failure", async () => {
  const { cache } = counted([new Error("away"), "back"]);
  await expect(cache.read()).rejects.toThrow("away");
  expect(await cache.read()).toBe("back");
});
