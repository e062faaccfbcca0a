import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseJson, parsePythonJson, stringifyJson } from "./exact.ts";

describe("parseJson", () => {
  it("keeps every integer up to 2^64−1 exact", () => {
    expect(parseJson('{"seed":18446744073709551615,"small":7,"float":0.1}')).toEqual({ seed: 18446744073709551615n, small: 7, float: 0.1 });
  });

  it("writes back what it read, digit for digit", () => {
    fc.assert(fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (seed) => {
      expect(parseJson(stringifyJson({ seed }))).toEqual({ seed: seed > BigInt(Number.MAX_SAFE_INTEGER) ? seed : Number(seed) });
      expect(stringifyJson({ seed })).toBe(`{"seed":${seed}}`);
    }));
  });

  it("treats __proto__ as a key like any other", () => {
    const value = parseJson('{"__proto__":{"polluted":true},"n":1234567890123456789}');
    expect(Object.keys(value ?? {})).toContain("__proto__");
    expect("polluted" in {}).toBe(false);
  });

  it("refuses what is not JSON", () => {
    expect(() => parseJson("{a:1}")).toThrow(SyntaxError);
    expect(() => parseJson('{"a":12345678901234567890,}')).toThrow(SyntaxError);
  });
});

describe("parsePythonJson", () => {
  it("reads NaN and Infinity as null, and leaves them alone inside strings", () => {
    expect(parsePythonJson('{"a":NaN,"b":-Infinity,"c":"NaN \\" Infinity"}')).toEqual({ a: null, b: null, c: 'NaN " Infinity' });
  });

  it("reads a text with a string of many megabytes", () => {
    const long = "x".repeat(20_000_000);
    expect(parsePythonJson(`{"long":"${long}","n":NaN}`)).toEqual({ long, n: null });
  });
});
