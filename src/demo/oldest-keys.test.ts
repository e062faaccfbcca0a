import { expect, it } from "vitest";
import { OldestKeys } from "./oldest-keys.ts";

it("names the oldest key there is, also when others went, came again, or all were cleared", () => {
  const map = new Map([1, 2, 3, 4].map((key) => [key, key]));
  const oldest = new OldestKeys(map);
  const dropped = (): number | undefined => {
    const key = oldest.next();
    if (key !== undefined) map.delete(key);
    return key;
  };
  expect(dropped()).toBe(1);
  map.delete(2);
  map.set(1, 1);
  expect([dropped(), dropped(), dropped(), dropped()]).toEqual([3, 4, 1, undefined]);
  map.set(5, 5).set(6, 6);
  expect(dropped()).toBe(5);
  map.clear();
  map.set(7, 7);
  expect(dropped()).toBe(7);
});

it("names each key once and in order while as many come as go", () => {
  const map = new Map<number, number>();
  const oldest = new OldestKeys(map);
  const gone: number[] = [];
  for (let key = 0; key < 5_000; key += 1) {
    map.set(key, key);
    if (map.size <= 100) continue;
    const next = oldest.next();
    if (next === undefined) break;
    map.delete(next);
    gone.push(next);
  }
  expect(gone).toEqual(Array.from({ length: 4_900 }, (_, key) => key));
});
