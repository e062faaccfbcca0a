import fc from "fast-check";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import type { JsonValue } from "../../json/exact.ts";
import { block, inline, keyLiteral, lineWidth, printable, textLiteral } from "./literal.ts";

function evaluated(code: string): unknown {
  // Values of another realm have other prototypes.
  return structuredClone(runInNewContext(`(${code})`));
}

const json: fc.Arbitrary<JsonValue> = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.string({ unit: "binary" }),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie("value"), { maxLength: 5 }),
    fc.dictionary(fc.string({ unit: "binary" }).filter((key) => key !== "__proto__"), tie("value"), { maxKeys: 5 }),
  ),
})).value;

describe("literals", () => {
  it("are the value again, on one line or on many", () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(evaluated(inline(printable(value)))).toEqual(value);
        expect(evaluated(block(printable(value), 0, 100))).toEqual(value);
      }),
    );
  });

  it("keep -0 and integers beyond 2^53 exactly", () => {
    expect(Object.is(evaluated(inline(-0)), -0)).toBe(true);
    expect(inline(18446744073709551615n)).toBe("18446744073709551615n");
  });

  it("have no character that hides or reorders text, and keep Chinese and joined emoji readable", () => {
    const text = "a\u202Eb\u200Bc\uFEFFd\u2028e\u0085";
    expect(textLiteral(text)).toMatch(/^[\x20-\x7E]+$/);
    expect(evaluated(textLiteral(text))).toBe(text);
    expect(textLiteral("夜の街 👩‍🚀")).toBe('"夜の街 👩‍🚀"');
    expect(evaluated(textLiteral("\u{E0001}\uD800"))).toBe("\u{E0001}\uD800");
  });

  it("never set a prototype", () => {
    expect(keyLiteral("__proto__")).toBe('["__proto__"]');
    expect(evaluated(`Object.keys({ ${keyLiteral("__proto__")}: 1 })`)).toEqual(["__proto__"]);
  });

  it("quote the keys that need it and no others", () => {
    expect(["text", "clip_l", "$x", "4", "a.b", "a b", "提示", "🦊"].map(keyLiteral)).toEqual(["text", "clip_l", "$x", '"4"', '"a.b"', '"a b"', '"提示"', '"🦊"']);
  });

  it("break long text after its line ends, then between words, within the width", () => {
    const text = `${"word ".repeat(60)}\nsecond line\n`;
    const printed = block(text, 4, 10);
    expect(Math.max(...printed.split("\n").map((line) => line.length))).toBeLessThanOrEqual(lineWidth);
    expect(printed).toContain('"second line\\n"');
  });
});
