import { describe, expect, it } from "vitest";
import { z } from "zod";
import { AppError } from "../errors/app-error.ts";
import { imageFile, seed, videoFile } from "./fields.ts";
import { workflowFromModule } from "./module-source.ts";
import { prepareRun, type PrepareDeps } from "./prepare.ts";
import type { Workflow } from "./workflow.ts";

function workflowOf<Schema extends z.ZodObject>(RequestSchema: Schema, generateWorkflow: (input: z.infer<Schema>) => unknown): Workflow {
  const metadata = { requiredNodes: [], requiredModels: [], modelSources: {} };
  const result = workflowFromModule("a/b", { RequestSchema, generateWorkflow, summary: "s", description: "d", metadata });
  if ("problems" in result) throw new Error(result.problems.join("; "));
  return result.workflow;
}

/** Knows a file by its source, and draws the largest seed it may. */
function depsOf(overrides: Partial<PrepareDeps> = {}) {
  const resolved: string[] = [];
  const deps: PrepareDeps = {
    resolveFile: (source, { pointer, accepts }) => {
      resolved.push(`${pointer} ${accepts}`);
      return Promise.resolve({ fileId: `id-of-${source}`, name: `up/${source}.png` });
    },
    drawSeed: (max) => (max <= 2n ** 53n - 1n ? Number(max) : max),
    ...overrides,
  };
  return { deps, resolved };
}

const editSchema = z.object({ image: imageFile(), more: z.array(z.object({ clip: videoFile() })).default([]), prompt: z.string().default("p"), seed: seed() });
const edit = workflowOf(editSchema, (input) => ({
  "1": { class_type: "LoadImage", inputs: { image: input.image } },
  "2": { class_type: "KSampler", inputs: { seed: input.seed, image: ["1", 0] } },
  ...Object.fromEntries(input.more.map(({ clip }, index) => [`1${index}`, { class_type: "LoadVideo", inputs: { file: clip } }])),
}));

async function rejection(run: Promise<unknown>): Promise<unknown> {
  return run.then(() => expect.unreachable(), (error: unknown) => error);
}

describe("prepareRun", () => {
  it("brings in every file, names it in the graph and records it by id", async () => {
    const { deps, resolved } = depsOf();
    const run = await prepareRun(edit, { image: "cat", more: [{ clip: "dog" }, { clip: "cat" }], seed: 5 }, deps);
    expect(resolved.sort()).toEqual(["/image image", "/more/0/clip video", "/more/1/clip video"]);
    expect(run.inputs).toEqual({ image: "file:id-of-cat", more: [{ clip: "file:id-of-dog" }, { clip: "file:id-of-cat" }], prompt: "p", seed: 5 });
    expect(run.graph["1"]?.inputs).toEqual({ image: "up/cat.png" });
    expect(run.graph["11"]?.inputs).toEqual({ file: "up/cat.png" });
    expect(run.files).toEqual([{ fileId: "id-of-cat", name: "up/cat.png" }, { fileId: "id-of-dog", name: "up/dog.png" }]);
  });

  it("fetches nothing for inputs that are refused", async () => {
    const { deps, resolved } = depsOf();
    expect(await rejection(prepareRun(edit, { image: "cat", steps: 5 }, deps))).toMatchObject({ code: "invalid_input" });
    expect(resolved).toEqual([]);
  });

  it("reports every file that cannot be used, each at its own field", async () => {
    const resolveFile: PrepareDeps["resolveFile"] = (source, { pointer }) => {
      if (source === "cat") return Promise.reject(new AppError("invalid_file", "Not an image."));
      if (source === "dog") return Promise.reject(new AppError("file_not_found", "There is no such file.", { errors: [{ pointer, message: "Not there." }] }));
      return Promise.resolve({ fileId: "f", name: "f.png" });
    };
    const error = await rejection(prepareRun(edit, { image: "cat", more: [{ clip: "fine" }, { clip: "dog" }] }, depsOf({ resolveFile }).deps));
    expect(error).toMatchObject({
      code: "invalid_file",
      errors: [{ pointer: "/image", message: "Not an image." }, { pointer: "/more/1/clip", message: "Not there." }],
    });
  });

  it("tells of a fault of the gateway's own before one of the caller's", async () => {
    const resolveFile: PrepareDeps["resolveFile"] = (source) =>
      Promise.reject(source === "cat" ? new AppError("invalid_file", "Not an image.") : new AppError("storage_failed", "The disk is full."));
    expect(await rejection(prepareRun(edit, { image: "cat", more: [{ clip: "dog" }] }, depsOf({ resolveFile }).deps))).toMatchObject({ code: "storage_failed" });
    const cause = new Error("bug");
    const broken = depsOf({ resolveFile: () => Promise.reject(cause) }).deps;
    expect(await rejection(prepareRun(edit, { image: "cat" }, broken))).toMatchObject({ code: "internal", cause });
  });

  it("takes a bounded number of files, and a few at a time", async () => {
    let running = 0;
    let most = 0;
    const resolveFile: PrepareDeps["resolveFile"] = async (source) => {
      running += 1;
      most = Math.max(most, running);
      await Promise.resolve();
      running -= 1;
      return { fileId: source, name: source };
    };
    const clips = (count: number) => Array.from({ length: count }, (_value, index) => ({ clip: `c${index}` }));
    const { deps } = depsOf({ resolveFile });
    expect((await prepareRun(edit, { image: "cat", more: clips(63) }, deps)).files).toHaveLength(64);
    expect(most).toBe(4);
    expect(await rejection(prepareRun(edit, { image: "cat", more: clips(64) }, deps))).toMatchObject({ code: "invalid_input", errors: [{ pointer: "/more/63/clip" }] });
  });

  it("leaves out files that were not sent", async () => {
    const optional = workflowOf(z.object({ mask: imageFile().nullable().optional() }), (input) => ({ "1": { class_type: "X", inputs: { mask: input.mask ?? "none" } } }));
    const { deps, resolved } = depsOf();
    for (const body of [{}, { mask: null }]) expect((await prepareRun(optional, body, deps)).files).toEqual([]);
    expect(resolved).toEqual([]);
  });
});

describe("seeds", () => {
  const drawnOf = async (RequestSchema: z.ZodObject, body: object = {}) => {
    const workflow = workflowOf(RequestSchema, (input) => ({ "1": { class_type: "X", inputs: { seed: input["seed"] ?? "absent" } } }));
    const { inputs, graph } = await prepareRun(workflow, body, depsOf().deps);
    expect(graph["1"]?.inputs["seed"]).toBe(inputs["seed"]);
    return inputs["seed"];
  };

  it("are drawn within the field's range, and never beyond what every JSON reader keeps", async () => {
    expect(await drawnOf(z.object({ seed: seed() }))).toBe(2 ** 53 - 1);
    expect(await drawnOf(z.object({ seed: z.number().int().min(10).max(20) }))).toBe(20);
    expect(await drawnOf(z.object({ seed: z.number().int().gt(10).lt(20).optional() }))).toBe(19);
    expect(await drawnOf(z.object({ seed: z.number().int().max(-5).optional() }))).toBe(-5);
    expect(await drawnOf(z.object({ seed: z.bigint().min(2n ** 60n).max(2n ** 60n + 5n).optional() }))).toBe(2n ** 60n + 5n);
    expect(await drawnOf(z.object({ seed: z.number().int().nullable().default(null).or(z.never()) }), { seed: 3 })).toBe(3);
  });

  it("that were sent are kept, however large", async () => {
    expect(await drawnOf(z.object({ seed: seed() }), { seed: 0 })).toBe(0);
    expect(await drawnOf(z.object({ seed: seed() }), { seed: 2n ** 64n - 1n })).toBe(2n ** 64n - 1n);
  });
});
