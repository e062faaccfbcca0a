import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { stringifyJson } from "../../json/exact.ts";
import { readJsonText } from "./json-text.ts";

describe("readJsonText", () => {
  it("keeps a seed of 64 bits exact", () => {
    expect(readJsonText('{"seed":18446744073709551615}')).toEqual({ value: { seed: 18446744073709551615n } });
  });

  it("refuses text nested so deep that a parser would run out of stack", () => {
    expect(readJsonText("[".repeat(100_000))).toEqual({ fault: expect.stringContaining("64 levels") });
    expect(readJsonText(`${"[".repeat(64)}${"]".repeat(64)}`)).toHaveProperty("value");
  });

  it("refuses a number that would take long to read, but not digits in a string", () => {
    expect(readJsonText("9".repeat(1_000_000))).toEqual({ fault: expect.stringContaining("digits") });
    expect(readJsonText(`"${"9".repeat(1000)}[[["`)).toHaveProperty("value");
  });

  it("reads any JSON value of moderate depth", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 20 }), (value) => {
        const text = JSON.stringify(value);
        const reading = readJsonText(text);
        expect("value" in reading ? stringifyJson([reading.value]) : reading).toBe(`[${text}]`);
      }),
    );
  });

  it("never throws", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom("{", "}", "[", "]", '"', "\\", "1", ",", ":", "a", " "), maxLength: 200 }), (text) => {
        expect(Object.keys(readJsonText(text))).toHaveLength(1);
      }),
    );
  });

  it("says where the text is broken", () => {
    expect(readJsonText('{"a":')).toEqual({ fault: expect.stringMatching(/JSON/) });
  });
});
