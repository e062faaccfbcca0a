import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parseCatalog } from "../graph/catalog.ts";
import { discoverWorkflows } from "./discover.ts";
import { discoverFile, WorkflowDiscovery } from "./discovery.ts";

let dir = "";
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "discovery-"));
});
afterEach(() => rm(dir, { recursive: true }));

async function put(file: string, text: string): Promise<void> {
  await mkdir(dirname(join(dir, file)), { recursive: true });
  await writeFile(join(dir, file), text);
}

const { catalog } = parseCatalog({
  Encode: { input: { required: { text: ["STRING", { multiline: true }] } }, output: ["CONDITIONING"] },
  KSampler: {
    input: { required: { positive: ["CONDITIONING"], seed: ["INT", { min: 0, max: 2n ** 64n - 1n, control_after_generate: true }], steps: ["INT", { min: 1, max: 100 }] } },
    output: ["LATENT"],
  },
  Save: { input: { required: { samples: ["LATENT"] } }, output: [], output_node: true },
});

const api = JSON.stringify({
  "1": { class_type: "Encode", inputs: { text: "a cat" } },
  "2": { class_type: "KSampler", inputs: { positive: ["1", 0], seed: 5, steps: 20 } },
  "3": { class_type: "Save", inputs: { samples: ["2", 0] } },
});

const gui = JSON.stringify(
  {
    nodes: [
      { id: 1, type: "Encode", inputs: [], outputs: [{ name: "C", type: "CONDITIONING" }], widgets_values: ["a cat"] },
      { id: 2, type: "KSampler", inputs: [{ name: "positive", type: "CONDITIONING", link: 1 }], outputs: [{ name: "L", type: "LATENT" }], widgets_values: [5, "randomize", 20] },
      { id: 3, type: "Save", inputs: [{ name: "samples", type: "LATENT", link: 2 }], outputs: [], widgets_values: [] },
    ],
    links: [[1, 1, 0, 2, 0, "CONDITIONING"], [2, 2, 0, 3, 0, "LATENT"]],
    version: 0.4,
  },
  null,
  1,
);

const template = JSON.stringify({ "1": { class_type: "Encode", inputs: { text: "{input.prompt}" } } });
const wrapper = "name: Wrapped\nworkflow_file: base one.json\ninputs:\n  - { id: prompt, type: text, node_id: 1, field: text }\n";
const moduleText = (summary: string, imports = "") => `${imports}
import { z } from "zod";
export default { RequestSchema: z.object({}), generateWorkflow: () => ({ "1": { class_type: "X", inputs: {} } }), summary: ${summary}, description: "d",
  metadata: { requiredNodes: [], requiredModels: [], modelSources: {} } };`;

const discover = () => discoverWorkflows({ builtins: [], dir, catalog });

describe("the four kinds of file", () => {
  it("become the same kind of workflow", async () => {
    await put("k/api.json", api);
    await put("k/gui.json", gui);
    await put("k/module.ts", moduleText('"s"'));
    await put("k/filled.template.json", template);
    await put("k/wrapped.webui.yml", wrapper);
    await put("k/base one.json", gui);
    const { workflows, broken, notes } = await discover();
    expect([broken, notes]).toEqual([[], []]);
    const byId = new Map(workflows.map((workflow) => [workflow.id, workflow]));
    expect([...byId.keys()].sort()).toEqual(["k/api", "k/filled", "k/gui", "k/module", "k/wrapped"]);
    for (const id of ["k/api", "k/gui"]) {
      const workflow = byId.get(id);
      expect(workflow?.seedFields).toEqual(["seed"]);
      expect(workflow?.parse({})).toMatchObject({ steps: 20 });
      expect(workflow?.generate({ ...workflow.defaults, seed: 2n ** 64n - 1n, steps: 3 })["2"]?.inputs).toEqual({ positive: ["1", 0], seed: 2n ** 64n - 1n, steps: 3 });
      expect(() => workflow?.parse({ step: 3 })).toThrow(/Did you mean "steps"/);
    }
    for (const id of ["k/filled", "k/wrapped"]) expect(byId.get(id)?.generate({ prompt: "dog" })["1"]?.inputs).toEqual({ text: "dog" });
    for (const { summary, description, metadata } of workflows) {
      expect([summary, description].every((text) => text.length > 0)).toBe(true);
      expect(Array.isArray(metadata.requiredNodes)).toBe(true);
    }
  });

  it("keeps data that a module imports, and an export that a wrapper names, from being a workflow", async () => {
    await put("k/module.ts", moduleText("data.summary", 'import data from "./data.json";'));
    await put("k/data.json", '{"summary": "from data"}');
    await put("k/wrapped.webui.yml", wrapper.replace("workflow_file: base one.json\n", ""));
    await put("k/wrapped.json", gui);
    await put("package.json", "{}");
    const { workflows, broken } = await discover();
    expect(broken).toEqual([]);
    expect(workflows.map(({ id, summary }) => [id, summary])).toEqual([["k/module", "from data"], ["k/wrapped", "Wrapped"]]);
  });

  it("serves neither of two kinds with one name", async () => {
    await put("k/x.json", api);
    await put("k/x.template.json", template);
    const { workflows, broken } = await discover();
    expect(workflows).toEqual([]);
    expect(broken.map(({ message }) => message)).toEqual(Array.from({ length: 2 }, () => "k/x.json and k/x.template.json are the same workflow: keep one of them"));
  });

  it("names every problem with its file and line", async () => {
    await put("k/a.json", '{"1":\n  {"class_type": "A" "inputs": {}}}');
    await put("k/b.json", gui.replaceAll("Save", "Gone"));
    await put("k/c.webui.yml", wrapper);
    await put("k/d.webui.yml", "inputs:\n  - { id: a, type: x }\n  - { id: b, type: y }\n");
    const { workflows, broken } = await discover();
    expect(workflows).toEqual([]);
    expect(broken.map(({ file, line, message }) => [file, line, message.replace(/^(\S+): .*/s, "$1")])).toEqual([
      ["k/a.json", 2, "k/a.json:2:22"],
      ["k/b.json", expect.any(Number), expect.stringMatching(/^k\/b\.json:\d+:\d+$/)],
      ["k/c.webui.yml", 2, "k/c.webui.yml:2:1"],
      ["k/d.webui.yml", 2, "k/d.webui.yml:2:14"],
      ["k/d.webui.yml", 3, "k/d.webui.yml:3:14"],
    ]);
  });
});

describe("a sidecar", () => {
  const sidecar = "summary: Told\ndescription: All about it.\nthumbnail: k/x.png\ntags: [fast]\nvram_estimate: 8GB\ntime_estimate: { min: 3, max: 9, note: warm }\n";

  it.each([
    ["x.json", api],
    ["x.ts", moduleText('"own"')],
    ["x.template.json", template],
    ["x.webui.yml", wrapper],
  ])("says more about %s", async (name, text) => {
    await put(`k/${name}`, text);
    await put("k/base one.json", gui);
    await put("k/x.yml", sidecar);
    const { workflows, broken } = await discover();
    expect(broken.filter(({ file }) => file !== "k/base one.json")).toEqual([]);
    expect(workflows.find(({ id }) => id === "k/x")).toMatchObject({
      summary: "Told",
      description: "All about it.",
      metadata: { thumbnail: "k/x.png", tags: ["fast"], vram_estimate: "8GB", time_estimate: { min: 3, max: 9, note: "warm" } },
    });
  });

  it("that is wrong is listed, and leaves its workflow as it was", async () => {
    await put("k/x.json", api);
    await put("k/x.yml", "sumary: x\ntags: 5\n");
    const { workflows, broken } = await discover();
    expect(workflows.map(({ summary }) => summary)).toEqual(["X"]);
    expect(broken.map(({ file, line, message }) => [file, line, message])).toEqual([
      ["k/x.yml", 2, expect.stringContaining("tags: must be a list")],
      ["k/x.yml", 1, expect.stringContaining("did you mean summary?")],
    ]);
  });

  it("of no workflow is noted", async () => {
    await put("k/lonely.yml", sidecar);
    expect((await discover()).notes).toEqual([expect.objectContaining({ file: "k/lonely.yml" })]);
  });
});

describe("WorkflowDiscovery", () => {
  it("reads again only what has changed", async () => {
    await put("k/a.json", api);
    await put("k/b.webui.yml", wrapper);
    await put("k/base one.json", gui);
    await put("k/c.ts", moduleText("text", 'import { text } from "../_text.ts";'));
    await put("_text.ts", 'export const text = "one";');
    const discovery = new WorkflowDiscovery({ builtins: [], dir });
    const read = async (with_ = catalog) => new Map((await discovery.discover(with_)).workflows.map((workflow) => [workflow.id, workflow]));
    const changed = async (act: () => Promise<void>): Promise<readonly string[]> => {
      const before = await read();
      await act();
      return [...(await read())].filter(([id, workflow]) => before.get(id) !== workflow).map(([id]) => id);
    };
    expect(await changed(() => Promise.resolve())).toEqual([]);
    expect(await changed(() => put("k/a.json", api.replace("a cat", "a dog")))).toEqual(["k/a"]);
    expect(await changed(() => put("k/base one.json", gui.replace("a cat", "a dog")))).toEqual(["k/b"]);
    expect(await changed(() => put("_text.ts", 'export const text = "two";'))).toEqual(["k/c"]);
    expect(await changed(() => put("k/a.yml", "summary: x"))).toEqual(["k/a"]);
    expect(await changed(() => put("k/a.yml", "summary: longer"))).toEqual(["k/a"]);
    expect(await changed(() => rm(join(dir, "k/a.yml")))).toEqual(["k/a"]);
    const before = await read();
    const after = await read(parseCatalog({}).catalog);
    expect([...after].every(([id, workflow]) => before.get(id) !== workflow)).toBe(true);
  });

  it("tries a module that failed again each time", async () => {
    await put("k/c.ts", moduleText("text", 'import { text } from "../_text.ts";'));
    const discovery = new WorkflowDiscovery({ builtins: [], dir });
    expect((await discovery.discover(catalog)).broken).toHaveLength(1);
    await put("_text.ts", 'export const text = "there now";');
    expect((await discovery.discover(catalog)).workflows.map(({ summary }) => summary)).toEqual(["there now"]);
  });
});

describe("discoverFile", () => {
  it("reads one file alone, with its sidecar", async () => {
    await put("k/a.json", api);
    await put("k/a.yml", "summary: Told");
    await put("k/broken.json", "{");
    expect((await discoverFile(join(dir, "k/a.json"), catalog)).workflows.map(({ id, summary }) => [id, summary])).toEqual([["k/a", "Told"]]);
    const { broken } = await discoverFile(join(dir, "k/broken.json"), catalog);
    expect(broken).toEqual([expect.objectContaining({ file: "k/broken.json", line: 1 })]);
    expect((await discoverFile(join(dir, "k/readme.md"), catalog)).broken).toEqual([expect.objectContaining({ message: expect.stringContaining("not that of a workflow") })]);
    expect((await discoverFile(join(dir, "k/none.json"), catalog)).broken).toEqual([expect.objectContaining({ message: expect.stringContaining("does not exist") })]);
  });
});
