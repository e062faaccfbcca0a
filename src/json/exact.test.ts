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

  it("keeps integers exact on both sides of 2^53, however many digits stand beside them", () => {
    const text = '{"a":9007199254740991,"b":9007199254740992,"c":-9007199254740993,"d":0.0000000000000001,"e":1e300,"f":[[9007199254740993]]}';
    expect(parseJson(text)).toEqual({ a: Number.MAX_SAFE_INTEGER, b: 9007199254740992n, c: -9007199254740993n, d: 1e-16, e: 1e300, f: [[9007199254740993n]] });
    expect(parseJson('{"fraction":0.0000000000000001,"seed":1125899906842624}')).toEqual({ fraction: 1e-16, seed: 1125899906842624 });
    expect(parseJson("9".repeat(400))).toBe(10n ** 400n - 1n);
  });

  it("finds a large integer wherever in a text it stands", () => {
    for (let before = 0; before < 40; before += 1) {
      for (const seed of [9007199254740993n, 18446744073709551615n, -9007199254740993n]) {
        expect(parseJson(`${" ".repeat(before)}[1,${seed}]`)).toEqual([1, seed]);
        expect(parseJson(`{"${"1".repeat(before)}x":${seed}}`)).toEqual({ [`${"1".repeat(before)}x`]: seed });
        expect(parseJson(`${" ".repeat(before)}${seed}`)).toBe(seed);
      }
    }
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

  it("keeps integers exact beside NaN", () => {
    expect(parsePythonJson('{"a":NaN,"seed":18446744073709551615}')).toEqual({ a: null, seed: 18446744073709551615n });
    expect(parsePythonJson('{"seed":18446744073709551615}')).toEqual({ seed: 18446744073709551615n });
  });

  it("reads a text with a string of many megabytes", () => {
    const long = "x".repeat(20_000_000);
    expect(parsePythonJson(`{"long":"${long}","n":NaN}`)).toEqual({ long, n: null });
  });
});

describe("stringifyJson", () => {
  it("leaves out undefined members, with and without a bigint beside them", () => {
    expect(stringifyJson({ a: undefined, b: 1 })).toBe('{"b":1}');
    expect(stringifyJson({ a: undefined, b: 2n ** 64n - 1n, c: [{ d: 1n }] })).toBe('{"b":18446744073709551615,"c":[{"d":1}]}');
  });

  it("throws what JSON.stringify throws for a member that fails by itself", () => {
    const failing = { toJSON: () => { throw new TypeError("not now"); } };
    expect(() => stringifyJson(failing)).toThrow("not now");
  });
});
