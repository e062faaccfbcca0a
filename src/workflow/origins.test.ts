import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { JsonObject } from "../json/exact.ts";
import { seed } from "./fields.ts";
import { workflowFromModule } from "./module-source.ts";
import { traceOrigins } from "./origins.ts";

function originsOf<Schema extends z.ZodObject>(RequestSchema: Schema, inputs: JsonObject, generateWorkflow: (input: z.infer<Schema>) => unknown) {
  const metadata = { requiredNodes: [], requiredModels: [], modelSources: {} };
  const result = workflowFromModule("a/b", { RequestSchema, generateWorkflow, summary: "s", description: "d", metadata });
  if ("problems" in result) throw new Error(result.problems.join("; "));
  return traceOrigins(result.workflow, inputs, result.workflow.generate(inputs));
}

describe("traceOrigins", () => {
  it("names the field behind each graph input, through whatever the module does to it", () => {
    const schema = z.object({
      prompt: z.string(),
      width: z.number().int().max(64).multipleOf(16),
      tiled: z.boolean(),
      sampler: z.enum(["euler", "heun"]),
      image: z.string(),
      seed: seed(),
      loras: z.array(z.object({ name: z.string(), strength: z.number() })),
    });
    const inputs = { prompt: "fox", width: 64, tiled: false, sampler: "euler", image: "a/b.png", seed: 2n ** 63n, loras: [{ name: "x.safetensors", strength: 1 }] };
    const origins = originsOf(schema, inputs, (input) => ({
      "1": { class_type: "Text", inputs: { text: `photo of ${input.prompt.trim()}`, fixed: 1 } },
      "2": { class_type: "Size", inputs: { width: input.width / 16, height: input.width, tiled: input.tiled } },
      "3": { class_type: "KSampler", inputs: { sampler_name: { euler: "e", heun: "h" }[input.sampler], seed: input.seed } },
      "4": { class_type: "LoadImage", inputs: { image: input.image } },
      "a/b": { class_type: "Lora", inputs: { lora: input.loras[0]?.name, strength: input.loras[0]?.strength } },
    }));
    expect(origins).toEqual({
      "1/text": "/prompt",
      "2/width": "/width",
      "2/height": "/width",
      "2/tiled": "/tiled",
      "3/sampler_name": "/sampler",
      "3/seed": "/seed",
      "4/image": "/image",
      "a/b/lora": "/loras/0/name",
      "a/b/strength": "/loras/0/strength",
    });
  });

  it("ignores a field whose other values the module refuses", () => {
    const schema = z.object({ a: z.string(), b: z.number() });
    const origins = originsOf(schema, { a: "ok", b: 1 }, ({ a, b }) => {
      if (a !== "ok") throw new Error("no");
      return { "1": { class_type: "X", inputs: { a, b } } };
    });
    expect(origins).toEqual({ "1/b": "/b" });
  });

  it("does not blame a field for what changes by itself or for nodes that come and go", () => {
    let count = 0;
    const schema = z.object({ a: z.string(), more: z.boolean() });
    const origins = originsOf(schema, { a: "x", more: true }, ({ a, more }) => {
      count += 1;
      return { "1": { class_type: "X", inputs: { a, count } }, ...(more ? { "2": { class_type: "Y", inputs: { fixed: 1 } } } : {}) };
    });
    expect(origins).toEqual({ "1/a": "/a" });
  });

  it("runs the module a bounded number of times", () => {
    let runs = 0;
    const schema = z.object({ list: z.array(z.number()) });
    originsOf(schema, { list: Array.from({ length: 5000 }, () => 1) }, ({ list }) => {
      runs += 1;
      return { "1": { class_type: "X", inputs: { sum: list.length } } };
    });
    expect(runs).toBeLessThanOrEqual(202);
  });
});
