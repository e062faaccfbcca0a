import { setImmediate } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { Line } from "./line.ts";

describe("a line", () => {
  it("lets the next begin when the one before says so, long before that has ended", async () => {
    const line = new Line();
    const seen: string[] = [];
    const end = Promise.withResolvers<void>();
    let next = (): void => undefined;
    const first = line.enter(async (letNext) => {
      seen.push("first begins");
      next = letNext;
      await end.promise;
      seen.push("first ends");
    });
    const second = line.enter(async () => void seen.push("second"));
    await setImmediate();
    expect(seen).toEqual(["first begins"]);
    next();
    await second;
    end.resolve();
    await first;
    expect(seen).toEqual(["first begins", "second", "first ends"]);
  });

  it("goes on after one that failed, and tells only that one", async () => {
    const line = new Line();
    const failed = line.enter(() => Promise.reject(new Error("no")));
    const fine = line.enter(() => Promise.resolve("yes"));
    await expect(failed).rejects.toThrow("no");
    expect(await fine).toBe("yes");
  });

  it("keeps the order in which they came", async () => {
    const line = new Line();
    const seen: number[] = [];
    await Promise.all([1, 2, 3, 4].map((number) => line.enter(async () => void seen.push(number))));
    expect(seen).toEqual([1, 2, 3, 4]);
  });
});
