import { expect, it } from "vitest";
import { coversTag, entityTag } from "./entity-tag.ts";

it.each([
  ['"abc"', true],
  ['W/"abc"', true],
  ['"x", "abc"', true],
  ["*", true],
  ['"ab"', false],
  ["abc", false],
  [undefined, false],
])("says of If-None-Match: %s that it covers the tag: %s", (header, covers) => {
  expect(coversTag(header, entityTag("abc"))).toBe(covers);
});
