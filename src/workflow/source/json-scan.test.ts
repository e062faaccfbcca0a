import { describe, expect, it } from "vitest";
import { scanJson } from "./json-scan.ts";

const at = (source: string, ...path: string[]) => scanJson(source, path);

describe("scanJson", () => {
  it("finds a value by its path, also behind escapes and other values", () => {
    const source = ' {"a": [1, {"x": "}"}, true], "b\\u0063": {"3": NaN}, "c": -1.5e3}\n';
    expect(at(source)).toEqual({ found: 1 });
    expect(at(source, "a", "1", "x")).toEqual({ found: source.indexOf('"}"') });
    expect(at(source, "bc", "3")).toEqual({ found: source.indexOf("NaN") });
    expect(at(source, "c")).toEqual({ found: source.indexOf("-1.5") });
    expect(at(source, "a", "7")).toEqual({ found: null });
    expect(at(source, "x")).toEqual({ found: null });
  });

  it("finds where a text stops being JSON", () => {
    for (const [source, fault] of [
      ['{"a" 1}', 5],
      ['{"a": 1,}', 8],
      ['{"a": [1 2]}', 9],
      ['{"a": 01}', 7],
      ['{"a": "x\n"}', 8],
      ["{a: 1}", 1],
      ["{} x", 3],
      ['{"a": ', 6],
      ["", 0],
      ["[".repeat(2000), 501],
    ] as const) {
      expect([source.slice(0, 20), at(source)]).toEqual([source.slice(0, 20), { fault }]);
    }
  });
});
