import { describe, expect, it } from "vitest";
import { z } from "zod";
import { readYamlSource, yamlProblems } from "./yaml-source.ts";

describe("readYamlSource", () => {
  it("keeps integers exact and knows where each key and item stands", () => {
    const source = readYamlSource("a/x.yml", "name: x\nseed: 18446744073709551615\ninputs:\n  - id: a\n    min: 1.5\n  - id: b\n");
    if ("message" in source) throw new Error(source.message);
    expect(source.value).toEqual({ name: "x", seed: 2n ** 64n - 1n, inputs: [{ id: "a", min: 1.5 }, { id: "b" }] });
    expect(source.placeOf(["inputs", 0, "min"])).toEqual({ line: 5, column: 5 });
    expect(source.placeOf(["inputs", 1])).toEqual({ line: 6, column: 5 });
    expect(source.placeOf(["inputs", 1, "none"])).toEqual({ line: 6, column: 5 });
    expect(source.placeOf([])).toEqual({ line: 1, column: 1 });
  });

  it.each([
    ["a: 1\nb: [1, 2\n", /not YAML/, 3],
    ["a: 1\na: 2\n", /not YAML/, 2],
    ["a: .nan\n", /JSON cannot hold/, null],
    [`a: &a [x]\nb: [${"*a, ".repeat(500)}*a]\n`, /anchors/, null],
  ])("says what is wrong with %j, and where", (text, message, line) => {
    const source = readYamlSource("a/x.yml", text);
    expect(source).toMatchObject({ file: "a/x.yml", message: expect.stringMatching(message) });
    expect("place" in source ? (source.place?.line ?? null) : undefined).toBe(line);
  });

  it("puts each fault of a schema at its line", () => {
    const source = readYamlSource("a/x.yml", "name: 5\nextra: 1\ninputs:\n  - id: 3\n");
    if ("message" in source) throw new Error(source.message);
    const schema = z.strictObject({ name: z.string(), inputs: z.array(z.object({ id: z.string() })) });
    const parsed = schema.safeParse(source.value);
    const places = yamlProblems(source, parsed.error ?? new z.ZodError([])).map(({ place, message }) => [place?.line, message.split(":")[0]] as const);
    expect(new Map(places)).toEqual(new Map([[1, "name"], [2, "extra"], [4, "inputs.0.id"]]));
  });
});
