import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import { oneByteText } from "./one-byte-text.ts";

it("a text of any characters becomes ASCII, and runs as before", () => {
  const program = '/* 👋 … */ [/^“[^”]*”$/.test("\\u201cyes\\u201d"), "é".length, /[à-ü]/.test("é")]';
  const text = oneByteText(program);
  expect(text).toMatch(/^[\0-\x7f]*$/);
  expect(runInNewContext(text)).toEqual(runInNewContext(program));
});
