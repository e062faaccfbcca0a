import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { isLink, type Graph } from "../src/graph/graph.ts";
import { parsePythonJson, type JsonValue } from "../src/json/exact.ts";
import { drawSeed } from "../src/workflow/draw-seed.ts";
import { hostModules } from "../src/workflow/host-modules.ts";
import { ModuleLoader } from "../src/workflow/module-loader.ts";
import { workflowFromModule } from "../src/workflow/module-source.ts";
import { prepareRun, type PreparedRun } from "../src/workflow/prepare.ts";
import { walkWorkflows } from "../src/workflow/walk.ts";
import type { Workflow } from "../src/workflow/workflow.ts";

const folder = import.meta.dirname;
const catalogFile = join(folder, "../../shared/fixtures/object_info/comfyui-0.3.64-core.json.gz");
const hasCatalog = existsSync(catalogFile);

const { files, broken } = await walkWorkflows(folder);
const loader = new ModuleLoader(folder, hostModules());

async function loaded(file: string): Promise<unknown> {
  const result = await loader.load(file);
  if ("failure" in result) throw new Error(result.failure.message);
  return result.exports;
}

function workflowOf(id: string, exports: unknown): Workflow {
  const result = workflowFromModule(id, exports);
  if ("problems" in result) throw new Error(result.problems.join("; "));
  return result.workflow;
}

async function runOf(workflow: Workflow, inputs: object = workflow.example): Promise<PreparedRun> {
  return prepareRun(workflow, inputs, { resolveFile: () => Promise.resolve({ fileId: "0".repeat(64), name: "example.png" }), drawSeed });
}

const modelFile = /\.(?:safetensors|ckpt|pt|pth|bin|gguf|onnx|sft)$/;

function modelsIn(graph: Graph): readonly string[] {
  const names = Object.values(graph).flatMap((node) => Object.values(node.inputs));
  return names.filter((value): value is string => typeof value === "string" && modelFile.test(value)).sort();
}

it("every file below workflows/ is a workflow or named as none", () => {
  expect(broken).toEqual([]);
  expect(files.map(({ id }) => id)).toEqual(expect.arrayContaining(["flux/flux_depth", "qwen/qwen_base_txt2img", "qwen/qwen_img_edit"]));
});

describe.each(files)("$id", ({ id, file }) => {
  it("is the same whether it is built in or read from a folder at run time", async () => {
    const builtIn: unknown = await import(join(folder, file));
    const both = [workflowOf(id, builtIn), workflowOf(id, await loaded(file))].map((workflow) => ({
      described: Object.values(workflow).filter((part) => typeof part !== "function"),
      graph: workflow.generate(workflow.parse(workflow.example)),
    }));
    expect(both[1]).toEqual(both[0]);
  });

  it("has an example that works as it stands", async () => {
    const workflow = workflowOf(id, await loaded(file));
    const { graph, inputs } = await runOf(workflow);
    expect(Object.keys(graph).length).toBeGreaterThan(0);
    for (const field of workflow.seedFields) expect(typeof inputs[field]).toBe("number");
  });

  it("describes every field to callers", async () => {
    const { inputSchema, summary, description } = workflowOf(id, await loaded(file));
    for (const [name, property] of Object.entries(z.record(z.string(), z.looseObject({ description: z.string().optional() })).parse(inputSchema["properties"]))) {
      expect(property.description, name).toMatch(/\w.*\.$/s);
    }
    expect([summary.length < 100, description.length > 50]).toEqual([true, true]);
  });

  it("names exactly the node classes and models of its graph, and where each model comes from", async () => {
    const workflow = workflowOf(id, await loaded(file));
    const { graph } = await runOf(workflow);
    const { requiredNodes, requiredModels, modelSources } = workflow.metadata;
    expect([...requiredNodes]).toEqual([...new Set(Object.values(graph).map((node) => node.class_type))].sort());
    expect([...requiredModels].sort()).toEqual(modelsIn(graph));
    for (const model of requiredModels) expect(modelSources[model]).toMatch(new RegExp(`^https://huggingface\\.co/.*/${RegExp.escape(model)}$`));
  });

  it("lets each field set something in the graph", async () => {
    const workflow = workflowOf(id, await loaded(file));
    const { inputs, origins } = await runOf(workflow);
    expect([...new Set(Object.values(origins))].sort()).toEqual(Object.keys(inputs).map((field) => `/${field}`).sort());
  });

  it.skipIf(!hasCatalog)("makes a graph whose every class, input, link, range and option stock ComfyUI 0.3.64 knows", async () => {
    const workflow = workflowOf(id, await loaded(file));
    const catalog = catalogSchema.parse(parsePythonJson(gunzipSync(readFileSync(catalogFile)).toString("utf8")));
    const faults = new Set<string>();
    for (const inputs of corners(workflow)) for (const fault of faultsIn((await runOf(workflow, inputs)).graph, catalog)) faults.add(fault);
    expect([...faults]).toEqual([]);
  });
});

describe("qwen/qwen_base_txt2img", () => {
  it("needs no more than a prompt", async () => {
    const workflow = workflowOf("qwen/qwen_base_txt2img", await loaded("qwen/qwen_base_txt2img.ts"));
    const { inputs, origins } = await runOf(workflow, { prompt: "test" });
    expect(inputs).toMatchObject({ prompt: "test", width: 1328, height: 1328, steps: 20, cfg: 2.5, batch_size: 1, seed: expect.any(Number) });
    expect(origins).toMatchObject({ "6/text": "/prompt", "3/seed": "/seed", "58/width": "/width" });
  });
});

// What follows reads object_info as comfyui-protocol.md §1.6 describes it.

const specSchema = z.tuple([z.union([z.string(), z.array(z.unknown())]), z.looseObject({ min: z.number().or(z.bigint()).optional(), max: z.number().or(z.bigint()).optional(), options: z.array(z.unknown()).optional() }).optional()]);
const inputsSchema = z.record(z.string(), specSchema).default({});
const catalogSchema = z.record(
  z.string(),
  z.looseObject({ input: z.looseObject({ required: inputsSchema, optional: inputsSchema }), output: z.array(z.unknown()) }),
);
type Catalog = z.infer<typeof catalogSchema>;
type Spec = z.infer<typeof specSchema>;

function valueFault(value: JsonValue | undefined, [type, options]: Spec): string | null {
  const choices = Array.isArray(type) ? type : options?.options;
  if (choices !== undefined) {
    // Lists of files depend on the installation; they are empty, or hold only what ships with ComfyUI.
    const isFileList = choices.length === 0 || (typeof value === "string" && (modelFile.test(value) || value === "example.png"));
    return isFileList || choices.includes(value) ? null : `is none of ${choices.join(", ")}`;
  }
  if (type === "INT" && (typeof value === "bigint" || Number.isInteger(value))) return rangeFault(value, options);
  if (type === "FLOAT" && typeof value === "number") return rangeFault(value, options);
  if (type === "STRING" && typeof value === "string") return null;
  return `is not of type ${String(type)}`;
}

function rangeFault(value: JsonValue | undefined, options: Spec[1]): string | null {
  if (typeof value !== "number" && typeof value !== "bigint") return "is no number";
  return (options?.min !== undefined && value < options.min) || (options?.max !== undefined && value > options.max) ? "is out of range" : null;
}

function faultsIn(graph: Graph, catalog: Catalog): readonly string[] {
  return Object.entries(graph).flatMap(([nodeId, { class_type, inputs }]) => {
    const known = catalog[class_type];
    if (known === undefined) return [`${class_type} is unknown`];
    const specs: Readonly<Record<string, Spec>> = { ...known.input.required, ...known.input.optional };
    const missing = Object.keys(known.input.required).filter((name) => inputs[name] === undefined).map((name) => `${nodeId} ${class_type} lacks ${name}`);
    const wrong = Object.entries(inputs).flatMap(([name, value]) => {
      const spec = specs[name];
      if (spec === undefined) return [`${nodeId} ${class_type} has no input ${name}`];
      const fault = isLink(value) ? linkFault(graph, catalog, value, spec) : valueFault(value, spec);
      return fault === null ? [] : [`${nodeId} ${class_type}.${name} ${fault}`];
    });
    return [...missing, ...wrong];
  });
}

function linkFault(graph: Graph, catalog: Catalog, [source, slot]: readonly [string, number], [type]: Spec): string | null {
  const given = catalog[graph[source]?.class_type ?? ""]?.output[slot];
  return given === type ? null : `wants ${String(type)} but gets ${String(given)}`;
}

/** The example, and each field at each end of its range and at each of its options. */
function corners(workflow: Workflow): readonly object[] {
  const property = z.looseObject({ enum: z.array(z.unknown()).optional(), minimum: z.unknown().optional(), maximum: z.unknown().optional() });
  const properties = z.record(z.string(), property).parse(workflow.inputSchema["properties"]);
  const varied = Object.entries(properties).flatMap(([name, { enum: options, minimum, maximum }]) =>
    [...(options ?? []), minimum, maximum].filter((value) => value !== undefined).map((value) => ({ ...workflow.example, [name]: value })),
  );
  return [workflow.example, ...varied];
}
