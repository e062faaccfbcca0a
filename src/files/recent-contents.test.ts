import { expect, it } from "vitest";
import { RecentContents } from "./recent-contents.ts";

function bytes(length: number): Uint8Array {
  return new Uint8Array(length);
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

it("the same content again counts once, and is among the newest", () => {
  const recent = new RecentContents(10);
  recent.add("a", bytes(4));
  recent.add("b", bytes(4));
  recent.add("a", bytes(4));
  recent.add("c", bytes(2));
  expect(recent.get("b")).toHaveLength(4);
  recent.add("d", bytes(4));
  expect(["a", "b", "c", "d"].map((id) => recent.get(id)?.length)).toEqual([4, undefined, 2, 4]);
});

it("what is removed is gone, and leaves its room", () => {
  const recent = new RecentContents(10);
  recent.add("a", bytes(6));
  recent.remove("a");
  recent.remove("a");
  recent.add("b", bytes(6));
  recent.add("c", bytes(4));
  expect(["a", "b", "c"].map((id) => recent.get(id)?.length)).toEqual([undefined, 6, 4]);
});
