import { setImmediate } from "node:timers/promises";
import { expect, it } from "vitest";
import { Line, type Place } from "./line.ts";

/** Notes when it is the turn of each. */
function threeIn(line: Line): { readonly places: readonly Place[]; readonly seen: readonly string[] } {
  const seen: string[] = [];
  const places = ["a", "b", "c"].map((name) => {
    const place = line.enter();
    void place.turn.then(() => seen.push(name));
    return place;
  });
  return { places, seen };
}

it("the turn comes in the order of entering, when the one before lets the next go on", async () => {
  const { places, seen } = threeIn(new Line());
  await setImmediate();
  expect(seen).toEqual(["a"]);
  places[0]?.next();
  await setImmediate();
  expect(seen).toEqual(["a", "b"]);
  places[1]?.next();
  await setImmediate();
  expect(seen).toEqual(["a", "b", "c"]);
});

it("one that leaves before its turn lets nobody overtake those before it", async () => {
  const { places, seen } = threeIn(new Line());
  places[1]?.next();
  await setImmediate();
  expect(seen).toEqual(["a"]);
  places[0]?.next();
  places[0]?.next();
  await setImmediate();
  expect(seen).toEqual(["a", "b", "c"]);
});
