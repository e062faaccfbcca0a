import fc from "fast-check";
import { expect, it } from "vitest";
import { RecentContents } from "./recent-contents.ts";

function bytes(length: number): readonly Uint8Array[] {
  return [new Uint8Array(length)];
}

function takeAll(recent: RecentContents, ...ids: readonly string[]): (number | undefined)[] {
  return ids.map((id) => recent.take(id)?.length);
}

it("the newest contents are there, and the oldest make room for them", () => {
  const recent = new RecentContents(10);
  recent.add("a", bytes(4));
  recent.add("b", bytes(4));
  recent.add("c", bytes(4));
  expect(takeAll(recent, "a", "b", "c")).toEqual([undefined, 4, 4]);
});

it("who takes one has it, and leaves its room", () => {
  const recent = new RecentContents(10);
  recent.add("a", bytes(4));
  recent.add("b", bytes(6));
  expect(takeAll(recent, "a", "a")).toEqual([4, undefined]);
  recent.add("c", bytes(4));
  expect(takeAll(recent, "b", "c")).toEqual([6, 4]);
});

it("what is larger than all the room takes nobody's place", () => {
  const recent = new RecentContents(10);
  recent.add("a", bytes(4));
  recent.add("b", bytes(11));
  expect(takeAll(recent, "a", "b")).toEqual([4, undefined]);
});

it("the same content again is among the newest", () => {
  const recent = new RecentContents(12);
  recent.add("a", bytes(4));
  recent.add("b", bytes(4));
  recent.add("a", bytes(4));
  recent.add("c", bytes(4));
  recent.add("d", bytes(4));
  expect(takeAll(recent, "a", "b", "c", "d")).toEqual([4, undefined, 4, 4]);
});

it("what is removed is gone, and leaves its room", () => {
  const recent = new RecentContents(10);
  recent.add("a", bytes(6));
  recent.remove("a");
  recent.remove("a");
  recent.add("b", bytes(4));
  recent.add("c", bytes(6));
  expect(takeAll(recent, "a", "b", "c")).toEqual([undefined, 4, 6]);
});

it("a content in one piece is that piece; the memory of several, and of what nobody took, is given back", () => {
  const recent = new RecentContents(10);
  const [piece, untaken, ...parts] = [8, 8, 3, 4].map((length) => Buffer.allocUnsafeSlow(length));
  recent.add("a", [piece ?? Buffer.alloc(0)]);
  expect(recent.take("a")).toBe(piece);
  recent.add("b", [untaken ?? Buffer.alloc(0)]);
  recent.add("c", parts);
  expect([untaken, ...parts].map((given) => given?.length)).toEqual([0, 0, 0]);
  expect(takeAll(recent, "c")).toEqual([7]);
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
          recent.add(id, [mine.slice(0, length >> 1), mine.slice(length >> 1)]);
          put.set(id, mine);
        }
        // What has just come, or any other.
        const asked = String((key + index) % 3 === 0 ? key : index % 10);
        const content = recent.take(asked);
        const isJustPut = asked === id && !remove && length > 0;
        expect(content !== undefined || !isJustPut).toBe(true);
        expect(content === undefined || Buffer.from(content).equals(put.get(asked) ?? Buffer.from("nothing was put"))).toBe(true);
        put.delete(asked);
      }
    }),
  );
});
