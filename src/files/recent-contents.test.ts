import fc from "fast-check";
import { expect, it } from "vitest";
import { RecentContents } from "./recent-contents.ts";

function bytes(length: number): readonly Uint8Array[] {
  return [new Uint8Array(length)];
}

it("the newest contents are there, and the oldest make room for them", () => {
  const recent = new RecentContents(10);
  recent.add("a", bytes(4));
  recent.add("b", bytes(4));
  expect(recent.get("a")).toHaveLength(4);
  recent.add("c", bytes(4));
  expect(["a", "b", "c"].map((id) => recent.get(id)?.length)).toEqual([undefined, 4, 4]);
});

it("what is larger than all the room takes nobody's place", () => {
  const recent = new RecentContents(10);
  recent.add("a", bytes(4));
  recent.add("b", bytes(11));
  expect(recent.get("a")).toHaveLength(4);
  expect(recent.get("b")).toBeUndefined();
});

it("the same content again is among the newest", () => {
  const recent = new RecentContents(12);
  recent.add("a", bytes(4));
  recent.add("b", bytes(4));
  recent.add("a", bytes(4));
  recent.add("c", bytes(4));
  expect(["a", "b", "c"].map((id) => recent.get(id)?.length)).toEqual([4, 4, 4]);
  recent.add("d", bytes(4));
  expect(["a", "b", "c", "d"].map((id) => recent.get(id)?.length)).toEqual([4, undefined, 4, 4]);
});

it("what is removed is gone, and leaves its room", () => {
  const recent = new RecentContents(10);
  recent.add("a", bytes(6));
  recent.remove("a");
  recent.remove("a");
  recent.add("b", bytes(4));
  recent.add("c", bytes(6));
  expect(["a", "b", "c"].map((id) => recent.get(id)?.length)).toEqual([undefined, 4, 6]);
});

it("what somebody has is his own: nothing that comes later changes it", () => {
  const recent = new RecentContents(10);
  recent.add("a", [Buffer.from("01234"), Buffer.from("56789")]);
  const mine = recent.get("a");
  recent.add("b", [Buffer.from("other text")]);
  expect(Buffer.from(mine ?? []).toString()).toBe("0123456789");
});

it("whatever is asked for is what was put, whole, or is not there", () => {
  const step = fc.record({ key: fc.nat(9), length: fc.nat(30), remove: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const recent = new RecentContents(40);
      const put = new Map<string, Uint8Array>();
      for (const [index, { key, length, remove }] of steps.entries()) {
        const id = String(key);
        const mine = new Uint8Array(length).fill(index + 1);
        recent.remove(id);
        put.delete(id);
        if (!remove) {
          recent.add(id, [mine.subarray(0, length >> 1), mine.subarray(length >> 1)]);
          put.set(id, mine);
        }
        const found = [...Array(10).keys()].map(String).flatMap((other) => {
          const content = recent.get(other);
          return content === undefined ? [] : [[other, [...content]] as const];
        });
        expect(found).toEqual(found.map(([other]) => [other, [...(put.get(other) ?? [])]]));
        // What has just come is there.
        expect(found.some(([other]) => other === id)).toBe(!remove && length > 0);
      }
    }),
  );
});
