import { describe, expect, it } from "vitest";
import { AppError } from "../../errors/app-error.ts";
import { coerceField } from "./coerce.ts";

const schema = {
  type: "object",
  properties: {
    prompt: { type: "string" },
    seed: { type: "integer", maximum: 18446744073709551615n },
    cfg: { anyOf: [{ type: "number" }, { type: "null" }] },
    hires: { type: "boolean" },
    sampler: { enum: ["euler", "heun"] },
    batch: { enum: [1, 2, 4] },
    loras: { type: "array", items: { $ref: "#/$defs/lora" } },
    weights: { type: "array", items: { type: "number" } },
    images: { type: "array", items: { type: "string" } },
    size: { $ref: "#/$defs/size" },
    loop: { $ref: "#/properties/loop" },
  },
  $defs: { lora: { type: "object" }, size: { type: ["object", "null"] } },
};

describe("coerceField", () => {
  it.each([
    ["prompt", "42", "42"],
    ["prompt", "true", "true"],
    ["seed", "18446744073709551615", 18446744073709551615n],
    ["seed", "7", 7],
    ["cfg", "1.5", 1.5],
    ["cfg", "null", null],
    ["hires", "true", true],
    ["hires", "false", false],
    ["sampler", "euler", "euler"],
    ["batch", "4", 4],
    ["size", '{"width":64}', { width: 64 }],
    ["loras", '[{"name":"x"}]', [{ name: "x" }]],
    ["images", "", []],
    ["unknown", "1", "1"],
    ["toString", "1", "1"],
    ["loop", "1", "1"],
  ])("reads %s=%s in the type that the schema wants", (name, text, value) => {
    expect(coerceField(name, [text], schema)).toEqual(value);
  });

  it.each([
    ["seed", "seven"],
    ["seed", "0x10"],
    ["seed", ""],
    ["hires", "yes"],
    ["cfg", "NaN"],
  ])("leaves %s=%s as it is, for the schema to refuse", (name, text) => {
    expect(coerceField(name, [text], schema)).toBe(text);
  });

  it("makes a list of parts with the same name, and of one part where the schema wants a list", () => {
    expect(coerceField("weights", ["1", "2.5"], schema)).toEqual([1, 2.5]);
    expect(coerceField("images", ["file:a"], schema)).toEqual(["file:a"]);
    expect(coerceField("loras", ['{"name":"x"}'], schema)).toEqual([{ name: "x" }]);
    expect(coerceField("prompt", ["a", "b"], schema)).toEqual(["a", "b"]);
  });

  it("points at a part whose JSON is broken", () => {
    const run = (): unknown => coerceField("loras", ["[1", "[2"], schema);
    expect(run).toThrow(AppError);
    expect(run).toThrow(expect.objectContaining({ code: "invalid_multipart", errors: [expect.objectContaining({ pointer: "/loras/0" })] }));
  });
});
