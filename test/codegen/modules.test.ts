import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { generateModule, type Generated } from "../../src/codegen/generate.ts";
import { readSource } from "../../src/codegen/source.ts";
import { coreCatalog } from "../../src/graph/core-catalog.ts";
import { stringifyJson } from "../../src/json/exact.ts";
import { openApiText } from "../../src/http/openapi/document.ts";
import { hostModules } from "../../src/workflow/host-modules.ts";
import { workflowFromModule } from "../../src/workflow/module-source.ts";
import { compileModule } from "../../src/workflow/module-compiler.ts";
import { sampleGraph } from "./sample-export.ts";

const catalog = coreCatalog();

async function generated(graph: object, file = "fox.json"): Promise<Generated> {
  const source = readSource(Buffer.from(stringifyJson(graph)), file, catalog);
  return generateModule({ source, catalog, id: "test/module", planner: { kind: "rules" }, existing: null, date: "2026-01-31", toolVersion: "0.0.0-test", near: "workflows", verify: null });
}

function failures({ proof }: Generated): readonly string[] {
  return proof.findings.map(({ check, message }) => `${check}: ${message}`);
}

function workflowOf(text: string) {
  const module: { exports: unknown } = { exports: {} };
  const modules = hostModules();
  compileModule("module.ts", text)({ require: (name) => modules.get(name), module, importMeta: {}, filename: "module.ts", dirname: "." });
  const made = workflowFromModule("test/module", module.exports);
  if ("problems" in made) throw new Error(made.problems.join("; "));
  return made.workflow;
}

describe("a generated module", () => {
  it("passes the whole proof, and its schema stands in an OpenAPI document", async () => {
    const made = await generated(sampleGraph());
    expect(failures(made)).toEqual([]);
    expect(made.proof.checks.filter(({ state }) => state === "passed")).toHaveLength(9);
    const document: unknown = JSON.parse(openApiText({ version: "0", workflows: [workflowOf(made.printed.text)] }, 0));
    expect(document).toHaveProperty(["paths", "/test/module", "post"]);
  });

  it("is the same text for the same plan", async () => {
    expect((await generated(sampleGraph())).printed.text).toBe((await generated(sampleGraph())).printed.text);
  });

  it("says at its head where it comes from", async () => {
    const bytes = stringifyJson(sampleGraph());
    const { printed } = await generated(sampleGraph(), "fox\n*/ evil.json");
    const [first, , third] = printed.text.split("\n");
    expect(first).toContain("0.0.0-test on 2026-01-31, named by rules alone, not reviewed");
    expect(third).toBe(`// Source: fox */ evil.json, SHA-256 ${createHash("sha256").update(bytes).digest("hex")}`);
  });

  it("keeps a seed of 2^64−1 and other big integers exactly", async () => {
    const graph = sampleGraph();
    const seeds = { ...graph, "3": { class_type: "KSampler", inputs: { ...graph["3"]?.inputs, seed: 2n ** 64n - 1n } } };
    const made = await generated(seeds);
    expect(failures(made)).toEqual([]);
    const workflow = workflowOf(made.printed.text);
    expect(workflow.generate(workflow.parse({ prompt: "x", seed: 2n ** 64n - 1n }))["3"]?.inputs["seed"]).toBe(2n ** 64n - 1n);
  });

  it("holds with Chinese titles, spaces, dots, quotes and emoji wherever a graph may have them", async () => {
    const graph = {
      ...sampleGraph("夜の街 \"neon\" `${1}` \\ 👩‍🚀\nsecond line\u2028third"),
      "12:34": { class_type: "PreviewImage", inputs: { images: ["8", 0], "a.b": 1, "mit Abstand": "x", "🦊": { 提示: [1, "二"] }, "quo\"te": null }, _meta: { title: "プレビュー 🦊 */ `" } },
    };
    const made = await generated(graph);
    expect(failures(made)).toEqual([]);
    expect(made.printed.text).toContain('"🦊": { "提示": [1, "二"] }');
  });

  it("is valid and readable for a graph of 240 nodes with 200 inputs on one", async () => {
    const base = sampleGraph();
    const copies = Array.from({ length: 40 }, (_, copy) =>
      Object.entries(base).map(([id, node]) => {
        const inputs = Object.entries(node.inputs).map(([name, value]) => [name, Array.isArray(value) ? [`${copy}:${String(value[0])}`, value[1]] : value]);
        return [`${copy}:${id}`, { ...node, inputs: Object.fromEntries(inputs) }] as const;
      }),
    ).flat();
    const wide = { class_type: "PreviewImage", inputs: { images: ["0:8", 0], ...Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`extra_${index}`, index % 2 === 0 ? index : `text ${index}`])) } };
    const graph: Record<string, object> = { ...Object.fromEntries<object>(copies), wide };
    const made = await generated(graph);
    expect(failures(made)).toEqual([]);
    expect(Math.max(...made.printed.text.split("\n").map((line) => line.length))).toBeLessThanOrEqual(200);
  });

  it("names the models of the graph as constants, and lists those without a known source", async () => {
    const { printed } = await generated(sampleGraph());
    expect(printed.text).toContain('checkpoint: "sd15.safetensors"');
    expect(printed.text).toContain("requiredModels: [models.checkpoint]");
    expect(printed.text).toContain("modelSources: {}");
  });
});

describe("the proof", () => {
  it("finds a class and an option that the catalog lacks, with the line", async () => {
    const graph = sampleGraph();
    const made = await generated({
      ...graph,
      "3": { class_type: "KSampler", inputs: { ...graph["3"]?.inputs, scheduler: "sideways" } },
      "10": { class_type: "NoSuchClass", inputs: {} },
    });
    expect(made.proof.passed).toBe(false);
    const lines = made.printed.text.split("\n");
    for (const [word, finding] of [["sideways", /no option "sideways"/], ["NoSuchClass", /no class NoSuchClass/]] as const) {
      const found = made.proof.findings.find(({ message }) => finding.test(message));
      expect(lines[(found?.line ?? 0) - 1]).toContain(word);
    }
  });

  it("finds that nothing comes out", async () => {
    const { "9": _save, ...graph } = sampleGraph();
    expect(failures(await generated(graph))).toEqual([expect.stringContaining("output: no node of the graph is an output node")]);
  });
});
