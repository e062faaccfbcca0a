import { describe, expect, it } from "vitest";
import { coreCatalog, coreCatalogSource } from "./core-catalog.ts";

describe("coreCatalog", () => {
  const { classes } = coreCatalog();

  it("knows the core classes with types, ranges and fixed options", () => {
    expect(coreCatalogSource).toEqual({ comfyuiVersion: expect.stringMatching(/^\d+\.\d+\.\d+$/), readOn: expect.stringMatching(/^\d{4}-\d\d-\d\d$/) });
    const seed = classes.get("KSampler")?.inputs.find((input) => input.name === "seed")?.spec;
    expect(seed).toMatchObject({ kind: "int", min: 0, max: 18_446_744_073_709_551_615n, controlAfterGenerate: true });
    const sampler = classes.get("KSampler")?.inputs.find((input) => input.name === "sampler_name")?.spec;
    expect(sampler?.kind === "combo" && sampler.options.includes("euler")).toBe(true);
    expect(classes.get("SaveImage")).toMatchObject({ outputNode: true, packFolder: undefined });
  });

  it("holds no file names of the machine it was read on, and no prose", () => {
    const specs = [...classes.values()].flatMap((nodeClass) => nodeClass.inputs.map((input) => input.spec));
    const options = specs.flatMap((spec) => (spec.kind === "combo" ? spec.options : []));
    expect(options.filter((option) => typeof option === "string" && /\.(png|jpg|webp|wav|mp4|safetensors|ckpt|pt|yaml|glb)$/i.test(option))).toEqual([]);
    expect(specs.some((spec) => spec.tooltip !== undefined)).toBe(false);
  });

  it("holds only what comes with ComfyUI", () => {
    expect([...classes.values()].filter((nodeClass) => nodeClass.packFolder !== undefined)).toEqual([]);
    expect(classes.size).toBeGreaterThan(380);
  });
});
