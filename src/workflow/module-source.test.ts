import { describe, expect, it } from "vitest";
import { z } from "zod";
import { AppError } from "../errors/app-error.ts";
import type { JsonObject } from "../json/exact.ts";
import { anyFile, imageFile, seed, videoFile } from "./fields.ts";
import { workflowFromModule } from "./module-source.ts";
import type { Workflow } from "./workflow.ts";

const metadata = { requiredNodes: [], requiredModels: [], modelSources: {} };
const emptyGraph = () => ({ "1": { class_type: "X", inputs: {} } });

function moduleOf(RequestSchema: unknown, generateWorkflow: unknown = emptyGraph): object {
  return { default: { RequestSchema, generateWorkflow, summary: "s", description: "d", metadata } };
}

function workflowOf(RequestSchema: unknown, generateWorkflow: unknown = emptyGraph): Workflow {
  const result = workflowFromModule("a/b", moduleOf(RequestSchema, generateWorkflow));
  if ("problems" in result) throw new Error(result.problems.join("; "));
  return result.workflow;
}

function problemsOf(module: unknown): readonly string[] {
  const result = workflowFromModule("a/b", module);
  return "problems" in result ? result.problems : [];
}

function errorOf(action: () => unknown): AppError {
  try {
    action();
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

const faultsOf = (workflow: Workflow, inputs: unknown) =>
  Object.fromEntries(errorOf(() => workflow.parse(inputs)).errors.map(({ pointer, message }) => [pointer, message]));

const simple = z.object({
  prompt: z.string(),
  steps: z.number().int().min(1).max(100).default(20),
  loras: z.array(z.object({ name: z.string(), strength: z.number().default(1) })).default([]),
});

describe("the module contract", () => {
  it("names everything that is missing or wrong at once", () => {
    const problems = problemsOf({ default: { RequestSchema: z.string(), summary: "", metadata: { requiredNodes: ["A", 5], modelSources: { x: "nowhere" } } } });
    expect(problems).toEqual([
      expect.stringMatching(/^RequestSchema must be a plain z\.object.*zod string/),
      expect.stringMatching(/^generateWorkflow is missing: a function/),
      expect.stringMatching(/^summary must not be empty/),
      expect.stringMatching(/^description is missing/),
      expect.stringMatching(/^metadata\.requiredNodes\.1 must be text/),
      expect.stringMatching(/^metadata\.requiredModels is missing/),
      expect.stringMatching(/^metadata\.modelSources\.x must be an address/),
    ]);
  });

  it("refuses what is no module, in words", () => {
    for (const module of [undefined, null, 5, { default: "x" }]) expect(problemsOf(module)[0]).toMatch(/must export an object/);
    expect(problemsOf(moduleOf({ _def: { typeName: "ZodObject" } }))[0]).toMatch(/older zod/);
    expect(problemsOf(moduleOf(simple.transform((value) => value)))[0]).toMatch(/zod pipe/);
  });

  it("takes a default export, and the exports themselves where there is none", () => {
    const contract = { RequestSchema: simple, generateWorkflow: emptyGraph, summary: "s", description: "d", metadata };
    for (const module of [{ default: contract }, contract]) expect(problemsOf(module)).toEqual([]);
  });

  it("keeps what else the author wrote into the metadata", () => {
    const result = workflowFromModule("a/b", { RequestSchema: simple, generateWorkflow: emptyGraph, summary: "s", description: "d", metadata: { ...metadata, author: "me" } });
    expect("workflow" in result && result.workflow.metadata["author"]).toBe("me");
  });

  it("names the field that JSON Schema cannot describe", () => {
    expect(problemsOf(moduleOf(z.object({ when: z.date() })))[0]).toMatch(/Date.*field when/);
    expect(problemsOf(moduleOf(z.object({ a: z.object({ m: z.map(z.string(), z.string()) }) })))[0]).toMatch(/field a\.m/);
  });

  it("refuses marks that mean nothing", () => {
    expect(problemsOf(moduleOf(z.object({ f: z.string().meta({ "x-file": "picture" }) })))[0]).toMatch(/Field f: "x-file" must be one of image/);
    expect(problemsOf(moduleOf(z.object({ s: z.string().meta({ "x-seed": true }) })))[0]).toMatch(/Field s: "x-seed" is for an integer/);
  });
});

describe("the input schema", () => {
  it("is closed at every depth, with defaults not required", () => {
    expect(workflowOf(simple).inputSchema).toMatchObject({
      type: "object",
      required: ["prompt"],
      additionalProperties: false,
      properties: { steps: { type: "integer", minimum: 1, maximum: 100, default: 20 }, loras: { items: { additionalProperties: false } } },
    });
  });

  it("describes a bigint as an integer with exact bounds and default", () => {
    const { inputSchema, defaults } = workflowOf(z.object({ big: z.bigint().min(0n).max(2n ** 64n - 1n).default(2n ** 60n), small: z.bigint().min(3n).default(5n) }));
    expect(inputSchema["properties"]).toEqual({
      big: { type: "integer", minimum: 0, maximum: 2n ** 64n - 1n, default: 2n ** 60n },
      small: { type: "integer", minimum: 3, default: 5 },
    });
    expect(defaults).toEqual({ big: 2n ** 60n, small: 5 });
  });

  it("describes a seed as one integer over ComfyUI's whole range", () => {
    const { inputSchema } = workflowOf(z.object({ seed: seed() }));
    const properties = inputSchema["properties"];
    expect(properties).toMatchObject({ seed: { type: "integer", minimum: 0, maximum: 2n ** 64n - 1n } });
    expect(properties).not.toHaveProperty("seed.anyOf");
  });

  it("does not mistake a field's name for a keyword", () => {
    const { inputSchema } = workflowOf(z.object({ default: z.object({ a: z.string() }), properties: z.object({ b: z.string() }).optional() }));
    expect(inputSchema).toMatchObject({ properties: { default: { additionalProperties: false }, properties: { additionalProperties: false } } });
  });
});

describe("file and seed fields", () => {
  it("are found in objects, lists, optional, nullable and described fields", () => {
    const { fileFields } = workflowOf(
      z.object({
        a: imageFile(),
        b: imageFile().optional().describe("again"),
        c: z.array(videoFile()).max(3),
        d: z.object({ e: z.array(z.object({ f: anyFile().nullable() })) }),
        g: z.string().meta({ "x-file": "model3d" }).default("file:x"),
        h: z.string(),
      }),
    );
    expect(fileFields).toEqual([
      { path: ["a"], accepts: "image" },
      { path: ["b"], accepts: "image" },
      { path: ["c", "*"], accepts: "video" },
      { path: ["d", "e", "*", "f"], accepts: "file" },
      { path: ["g"], accepts: "model3d" },
    ]);
  });

  it("end for a recursive schema", () => {
    const node = z.object({ image: imageFile(), get children() { return z.array(node).optional(); } });
    const { fileFields } = workflowOf(node);
    expect(fileFields.slice(0, 2)).toEqual([{ path: ["image"], accepts: "image" }, { path: ["children", "*", "image"], accepts: "image" }]);
  });

  it("takes top-level integers named seed or marked as one, unless they have a default", () => {
    const { seedFields, inputSchema } = workflowOf(
      z.object({
        seed: z.number().int(),
        noise_seed: z.int().nullable().optional(),
        extra: z.number().int().optional().meta({ "x-seed": true }),
        other: z.number().int().optional(),
      }),
    );
    expect(seedFields).toEqual(["seed", "noise_seed", "extra"]);
    expect(inputSchema["required"]).toBeUndefined();
    expect(workflowOf(z.object({ seed: z.number().int().default(7) })).seedFields).toEqual([]);
    expect(workflowOf(z.object({ seed: z.string().default("x") })).seedFields).toEqual([]);
  });
});

describe("parse", () => {
  it("fills in defaults, and leaves seeds absent even where the module requires one", () => {
    expect(workflowOf(simple.extend({ seed: z.number().int().min(5) })).parse({ prompt: "x" })).toEqual({ prompt: "x", steps: 20, loras: [] });
  });

  it("reports all faults at once, each at its own pointer", () => {
    const faults = faultsOf(workflowOf(simple), { stepz: 5, steps: "many", loras: [{ name: "a", strength: "x", weight: 1 }, {}] });
    expect(faults).toEqual({
      "/prompt": "This field is required.",
      "/steps": expect.stringContaining("expected number"),
      "/stepz": 'There is no field "stepz". Did you mean "steps"? Known fields: prompt, steps, loras.',
      "/loras/0/strength": expect.stringContaining("expected number"),
      "/loras/0/weight": expect.stringContaining("Known fields: name, strength"),
      "/loras/1/name": "This field is required.",
    });
  });

  it("refuses an unknown field although everything else is right", () => {
    const error = errorOf(() => workflowOf(simple).parse({ prompt: "x", stepz: 5 }));
    expect(error.code).toBe("invalid_input");
    expect(error.errors.map(({ pointer }) => pointer)).toEqual(["/stepz"]);
    expect(error.detail).toMatch(/^\/stepz: /);
  });

  it("refuses unknown fields of a loose or stripping schema, and a __proto__ key", () => {
    expect(Object.keys(faultsOf(workflowOf(z.looseObject({ a: z.string().optional() })), { b: 1 }))).toEqual(["/b"]);
    const hostile = Object.defineProperty<JsonObject>({ prompt: "x" }, "__proto__", { value: {}, enumerable: true });
    expect(Object.keys(faultsOf(workflowOf(simple), hostile))).toEqual(["/__proto__"]);
  });

  it("refuses what is no object of JSON values", () => {
    for (const inputs of [undefined, null, 5, "x", [], { prompt: new Date() }, { prompt: Number.NaN }]) {
      expect(faultsOf(workflowOf(simple), inputs)).toEqual({ "": expect.stringContaining("must be a JSON object") });
    }
  });

  it("escapes pointers and answers briefly to a body of many wrong fields", () => {
    expect(Object.keys(faultsOf(workflowOf(simple), { prompt: "x", "a/b~c": 1 }))).toEqual(["/a~1b~0c"]);
    const many = Object.fromEntries(Array.from({ length: 5000 }, (_value, index) => [`field_${index}`, index]));
    expect(errorOf(() => workflowOf(simple).parse(many)).errors).toHaveLength(50);
  });

  it("says which alternative of a union failed", () => {
    const workflow = workflowOf(z.object({ size: z.union([z.enum(["small", "large"]), z.object({ width: z.number(), height: z.number() })]) }));
    expect(Object.keys(faultsOf(workflow, { size: { width: 1, height: "x" } }))).toEqual(["/size/height"]);
    expect(faultsOf(workflow, { size: 5 })["/size"]).toMatch(/"small".*or: .*object/);
  });

  it("takes any seed up to 2^64−1 exactly, as number or bigint", () => {
    const workflow = workflowOf(z.object({ seed: seed() }));
    for (const value of [0, 2 ** 53 - 1, 2n ** 53n, 2n ** 64n - 1n]) expect(workflow.parse({ seed: value })).toEqual({ seed: value });
    for (const value of [-1, 1.5, 2n ** 64n, "5"]) expect(faultsOf(workflow, { seed: value })["/seed"]).toMatch(/whole number from 0 to 18446744073709551615/);
  });

  it("takes a JSON integer for a bigint field", () => {
    expect(workflowOf(z.object({ n: z.array(z.bigint().max(10n)) })).parse({ n: [5, 6] })).toEqual({ n: [5n, 6n] });
    expect(Object.keys(faultsOf(workflowOf(z.object({ n: z.bigint().max(10n) })), { n: 11 }))).toEqual(["/n"]);
  });

  it("keeps refinements over several fields", () => {
    const schema = z.object({ a: z.number(), b: z.number().optional() }).refine(({ a, b }) => b === undefined || a < b, { path: ["b"], error: "b must be more than a" });
    expect(faultsOf(workflowOf(schema), { a: 2, b: 1 })).toEqual({ "/b": "b must be more than a" });
  });

  it("keeps a module's own failure private", () => {
    const cause = new Error("secret");
    const failing = workflowOf(z.object({ a: z.string().refine(() => { throw cause; }) }));
    const error = errorOf(() => failing.parse({ a: "x" }));
    expect(error).toMatchObject({ code: "workflow_failed", cause });
    expect(error.detail).not.toContain("secret");
    const late = workflowOf(z.object({ a: z.string().refine(async () => Promise.resolve(true)) }));
    expect(errorOf(() => late.parse({ a: "x" })).detail).toMatch(/asynchronously/);
    expect(errorOf(() => workflowOf(z.object({ a: z.string().transform(() => new Date()) })).parse({ a: "x" })).code).toBe("workflow_failed");
  });
});

describe("the example", () => {
  it("holds defaults and a sample of each required field, and works as it stands", () => {
    const workflow = workflowOf(
      z.object({
        prompt: z.string().min(60),
        image: imageFile(),
        images: z.array(anyFile()).min(2),
        mode: z.enum(["fast", "slow"]),
        width: z.number().int().min(64).multipleOf(16),
        ratio: z.number().min(0.5).max(0.75),
        flag: z.boolean(),
        styled: z.string().meta({ examples: ["noir"] }),
        nested: z.object({ url: z.url(), inner: z.object({ n: z.int().max(-5) }) }),
        either: z.union([z.literal("x"), z.number()]),
        maybe: z.string().optional(),
        steps: z.int().default(20),
        seed: seed(),
      }),
    );
    expect(workflow.example).toMatchObject({ mode: "fast", styled: "noir", width: 64, steps: 20, image: expect.stringMatching(/^data:image\/png;base64,iVBOR/) });
    expect(workflow.example).not.toHaveProperty("maybe");
    expect(workflow.example).not.toHaveProperty("seed");
    expect(workflow.parse(workflow.example)).toEqual(workflow.example);
  });
});

describe("generate", () => {
  it("gives the module a copy and drops inputs that are undefined", () => {
    const inputs = { prompt: "x", steps: 20, loras: [] };
    const workflow = workflowOf(simple, (input: { steps: number; loras: unknown[] }) => {
      input.loras.push("changed");
      return { "1": { class_type: "X", inputs: { steps: input.steps, extra: undefined } } };
    });
    expect(workflow.generate(inputs)).toEqual({ "1": { class_type: "X", inputs: { steps: 20 } } });
    expect(inputs.loras).toEqual([]);
  });

  it("keeps what the module threw as the private cause", () => {
    const cause = new Error("path /root/secret");
    const error = errorOf(() => workflowOf(simple, () => { throw cause; }).generate({}));
    expect(error).toMatchObject({ code: "workflow_failed", cause });
    expect(error.detail).not.toContain("secret");
  });

  it("refuses a promise, also one that fails, and what is no graph, with the place", () => {
    expect(errorOf(() => workflowOf(simple, async () => Promise.reject(new Error("late"))).generate({})).detail).toMatch(/must not be async/);
    const error = errorOf(() => workflowOf(simple, () => ({ "5": { inputs: {} } })).generate({}));
    expect(error.code).toBe("workflow_failed");
    expect(error.detail).toMatch(/class_type.*\/5\/class_type/);
    for (const graph of [undefined, null, {}, [], "x"]) expect(errorOf(() => workflowOf(simple, () => graph).generate({})).code).toBe("workflow_failed");
  });
});
