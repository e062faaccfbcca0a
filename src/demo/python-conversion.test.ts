import { describe, expect, it } from "vitest";
import { ConversionError, pythonFloatString, pythonRepr, toPythonBool, toPythonFloat, toPythonInt, toPythonString } from "./python-conversion.ts";

describe("conversions as Python makes them", () => {
  it.each([
    [" 8 ", 8], ["-1_000", -1000], [8.9, 8], [-8.9, -8], [true, 1], ["18446744073709551615", 18446744073709551615n], [1e20, 100000000000000000000n],
  ])("int(%j) is %s", (given, result) => {
    expect(toPythonInt(given)).toBe(result);
  });

  it.each([["8.5"], [""], [null], [[]], [{}], ["0x10"]])("int(%j) raises", (given) => {
    expect(() => toPythonInt(given)).toThrow(ConversionError);
  });

  it("float() reads exponents and bare points, and no words", () => {
    expect([toPythonFloat("1e-3"), toPythonFloat(".5"), toPythonFloat("2."), toPythonFloat(2n ** 64n)]).toEqual([0.001, 0.5, 2, 2 ** 64]);
    expect(() => toPythonFloat("one")).toThrow("could not convert string to float: 'one'");
  });

  it("bool() takes every text but the empty one for true", () => {
    expect([toPythonBool("false"), toPythonBool(""), toPythonBool([]), toPythonBool({ a: 1 }), toPythonBool(0)]).toEqual([true, false, false, true, false]);
  });

  it("str() and repr() write Python's words and quotes", () => {
    expect(toPythonString("it's")).toBe("it's");
    expect(pythonRepr({ a: [1, "it's", null, true] })).toBe(`{'a': [1, "it's", None, True]}`);
    expect([pythonFloatString(8), pythonFloatString(0.5)]).toEqual(["8.0", "0.5"]);
  });
});
