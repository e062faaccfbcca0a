import { existsSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type JsonValue, parseJson } from "../../json/exact.ts";
import { parseCatalog } from "../catalog.ts";
import { parseGraph } from "../graph.ts";
import { findDependencies } from "./find-dependencies.ts";
import { parseModelList, parseNodeMap, parsePackList } from "./manager-maps.ts";

const { catalog } = parseCatalog({
  KSampler: { input: {}, output: [], python_module: "nodes" },
  CheckpointLoaderSimple: { input: { required: { ckpt_name: [["a.safetensors"]] } }, output: [], python_module: "nodes" },
  CLIPTextEncode: { input: { required: { text: ["STRING", { multiline: true }] } }, output: [], python_module: "nodes" },
  InstalledNode: { input: {}, output: [], python_module: "custom_nodes.pack-two" },
  LocalNode: { input: {}, output: [], python_module: "custom_nodes.my-own" },
});

const maps = {
  nodeMap: parseNodeMap({
    "https://github.com/one/pack-one": [["OneNode", "SharedNode", "InstalledNode", "ClaimedNode"], { title_aux: "One" }],
    "https://github.com/two/pack-two": [["SharedNode", "InstalledNode"], { title_aux: "Two", preemptions: ["ClaimedNode"] }],
    "https://github.com/comfyanonymous/ComfyUI": [["NewCoreNode", "SharedCoreNode"], {}],
    "https://github.com/three/pack-three": [["SharedCoreNode"], { nodename_pattern: "^Three_" }],
    "https://github.com/evil/pack": [[], { nodename_pattern: "^(a+)+$" }],
    "https://github.com/broken/pack": [[], { nodename_pattern: "(unclosed" }],
    "not a repository": [["OneNode"], {}],
    damaged: 3,
  }),
  models: parseModelList({
    models: [
      { filename: "a.safetensors", save_path: "checkpoints/SD1.5", type: "checkpoint", url: "https://example.com/a" },
      { filename: "x.safetensors", save_path: "loras", type: "lora", url: "https://example.com/lora-x" },
      { filename: "x.safetensors", save_path: "default", type: "VAE", url: "https://example.com/vae-x" },
      { filename: "twice.safetensors", save_path: "loras", type: "lora", url: "https://example.com/1" },
      { filename: "twice.safetensors", save_path: "loras", type: "lora", url: "https://example.com/2" },
      { filename: "script.safetensors", save_path: "loras", url: "javascript:alert(1)" },
      "damaged",
    ],
  }),
  packs: parsePackList({ custom_nodes: [{ id: "pack-one-id", reference: "https://github.com/One/Pack-One.git" }, { title: "no id" }] }),
};

function nodesOf(...classes: readonly string[]): ReturnType<typeof parseGraph> {
  return parseGraph(Object.fromEntries(classes.map((className, index) => [String(index), { class_type: className, inputs: {} }])));
}

function packs(classes: readonly string[], gui?: Parameters<typeof findDependencies>[1]["gui"]): unknown[] {
  return findDependencies(nodesOf(...classes), { gui, catalog, maps }).nodes.map(({ pack, ambiguous, core }) => ({ id: pack?.id, source: pack?.source, ambiguous, core }));
}

describe("node classes", () => {
  it("are listed once, core ones as such", () => {
    expect(findDependencies(nodesOf("KSampler", "KSampler", "Nowhere"), { catalog, maps }).nodes).toEqual([
      { class_type: "KSampler", pack: null, core: true, installed: true },
      { class_type: "Nowhere", pack: null, core: false, installed: false },
    ]);
  });

  it("are looked for in Manager's map by its order: claims, core, lists, patterns", () => {
    expect(packs(["ClaimedNode", "SharedCoreNode", "OneNode", "Three_Times"])).toEqual([
      { id: "two/pack-two", source: "manager-map", ambiguous: undefined, core: false },
      { id: undefined, source: undefined, ambiguous: undefined, core: true },
      { id: "pack-one-id", source: "manager-map", ambiguous: undefined, core: false },
      { id: "three/pack-three", source: "manager-map", ambiguous: undefined, core: false },
    ]);
  });

  it("that several packs have are said to be ambiguous, unless the host has one of them", () => {
    expect(packs(["SharedNode", "InstalledNode", "LocalNode"])).toEqual([
      { id: "pack-one-id", source: "manager-map", ambiguous: ["https://github.com/one/pack-one", "https://github.com/two/pack-two"], core: false },
      { id: "two/pack-two", source: "manager-map", ambiguous: undefined, core: false },
      { id: "my-own", source: "catalog", ambiguous: undefined, core: false },
    ]);
  });

  it("are taken from the export's own word before any map, in subgraphs and group nodes too", () => {
    const gui = {
      nodes: [
        { type: "OneNode", properties: { cnr_id: "real-pack", ver: "1.2.3" } },
        { type: "FutureNode", properties: { cnr_id: "comfy-core", ver: "0.9.0" } },
      ],
      definitions: { subgraphs: [{ id: "s", nodes: [{ type: "SharedNode", properties: { aux_id: "user/repo", ver: "abc" } }] }] },
      extra: { groupNodes: { G: { nodes: [{ type: "Grouped", properties: { cnr_id: "group-pack" } }] } } },
    };
    expect(findDependencies(nodesOf("OneNode", "SharedNode", "Grouped", "FutureNode"), { gui, catalog, maps }).nodes).toEqual([
      { class_type: "OneNode", pack: { id: "real-pack", source: "cnr_id", version: "1.2.3" }, core: false, installed: false },
      { class_type: "SharedNode", pack: { id: "user/repo", source: "aux_id", repository: "https://github.com/user/repo", version: "abc" }, core: false, installed: false },
      { class_type: "Grouped", pack: { id: "group-pack", source: "cnr_id" }, core: false, installed: false },
      { class_type: "FutureNode", pack: { id: "comfy-core", source: "cnr_id", version: "0.9.0" }, core: true, installed: false },
    ]);
  });

  it("of which an export names two packs are ambiguous", () => {
    const gui = { nodes: [{ type: "N", properties: { cnr_id: "a" } }, { type: "N", properties: { cnr_id: "b" } }] };
    expect(packs(["N"], gui)).toEqual([{ id: "a", source: "cnr_id", ambiguous: ["a", "b"], core: false }]);
  });

  it("of a workflow that could not be converted are those that would run", () => {
    const gui = { nodes: [{ type: "OneNode" }, { type: "Note" }, { type: "Muted", mode: 2 }, { type: "s" }], definitions: { subgraphs: [{ id: "s", nodes: [{ type: "KSampler" }] }] } };
    expect(findDependencies(undefined, { gui, catalog, maps }).nodes.map((node) => node.class_type)).toEqual(["OneNode", "KSampler"]);
  });

  it("are matched against no pattern that could take forever", () => {
    expect(packs([`${"a".repeat(60)}!`])).toEqual([{ id: undefined, source: undefined, ambiguous: undefined, core: false }]);
  });
});

describe("model files", () => {
  const graph = parseGraph({
    "1": { class_type: "CheckpointLoaderSimple", inputs: { ckpt_name: "SD1.5\\a.safetensors" } },
    "2": { class_type: "LoraLoader", inputs: { lora_name: "x.safetensors", model: ["1", 0] } },
    "3": { class_type: "VAELoader", inputs: { vae_name: "x.safetensors" } },
    "4": { class_type: "Power Lora Loader (rgthree)", inputs: { lora_1: { on: true, lora: "twice.safetensors", strength: 1 }, lora_2: { on: false, lora: "off.safetensors", strength: 1 } } },
    "5": { class_type: "CLIPTextEncode", inputs: { text: "a fox, embedding:easynegative, (embedding:sub/other:1.2) not a.safetensors" } },
    "6": { class_type: "UnknownLoader", inputs: { thing: "odd.gguf", note: "None", lora_name: "None" } },
    "7": { class_type: "UpscaleModelLoader", inputs: { model_name: "script.safetensors" } },
  });

  it("are found with folder and address, by folder where names are the same", () => {
    const { models } = findDependencies(graph, { catalog, maps });
    expect(models.map(({ name, folder, nodeId, input, url, source }) => [nodeId, input, name, folder, url, source])).toEqual([
      ["1", "ckpt_name", "SD1.5\\a.safetensors", "checkpoints", "https://example.com/a", "manager-list"],
      ["2", "lora_name", "x.safetensors", "loras", "https://example.com/lora-x", "manager-list"],
      ["3", "vae_name", "x.safetensors", "vae", "https://example.com/vae-x", "manager-list"],
      ["4", "lora_1", "twice.safetensors", "loras", null, "manager-list"],
      ["5", "text", "easynegative", "embeddings", null, null],
      ["5", "text", "sub/other", "embeddings", null, null],
      ["6", "thing", "odd.gguf", null, null, null],
      ["7", "model_name", "script.safetensors", "upscale_models", null, null],
    ]);
    expect(models[3]?.ambiguous).toEqual(["https://example.com/1", "https://example.com/2"]);
  });

  it("have the address and hash of the export first", () => {
    const gui = {
      nodes: [
        { type: "LoraLoader", properties: { models: [{ name: "x.safetensors", url: "https://example.com/mine", directory: "loras", hash: "AB12", hash_type: "SHA256" }] } },
        { type: "UnknownLoader", properties: { models: [{ name: "odd.gguf", url: "file:///etc/passwd", directory: "unet" }] } },
      ],
      models: [{ name: "a.safetensors", url: "https://example.com/root", directory: "checkpoints" }],
    };
    const found = new Map(findDependencies(graph, { gui, catalog, maps }).models.map((model) => [model.nodeId, model]));
    expect(found.get("2")).toMatchObject({ url: "https://example.com/mine", hash: "sha256:AB12", source: "properties" });
    expect(found.get("1")).toMatchObject({ url: "https://example.com/root", source: "properties" });
    expect(found.get("3")).toMatchObject({ url: "https://example.com/vae-x", source: "manager-list" });
    expect(found.get("6")).toMatchObject({ url: null, folder: "diffusion_models", source: "properties" });
  });
});

describe("damaged exports and maps", () => {
  const key = fc.constantFrom("nodes", "type", "properties", "cnr_id", "aux_id", "models", "name", "url", "definitions", "subgraphs", "extra", "groupNodes", "id", "custom_nodes", "https://github.com/a/b", "__proto__");
  const { tree } = fc.letrec<{ tree: JsonValue }>((tie) => ({
    tree: fc.oneof(
      { depthSize: "medium", withCrossShrink: true },
      fc.constantFrom<JsonValue>("x", 1, null, true, "a.safetensors", "https://a.example/b"),
      fc.array(tie("tree"), { maxLength: 3 }),
      fc.dictionary(key, tie("tree"), { maxKeys: 5 }),
    ),
  }));

  it("never throw", () => {
    fc.assert(
      fc.property(fc.dictionary(key, tree), tree, tree, tree, (gui, nodeMap, models, packList) => {
        const parsed = { nodeMap: parseNodeMap(nodeMap), models: parseModelList(models), packs: parsePackList(packList) };
        expect(findDependencies(nodesOf("x", "KSampler"), { gui, catalog, maps: parsed }).nodes).toHaveLength(2);
        expect(findDependencies(undefined, { gui, catalog, maps: parsed }).models).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });
});

const recorded = "../shared/fixtures/manager-2026-08-19";

describe.skipIf(!existsSync(recorded))("ComfyUI-Manager's own maps (skipped without ../shared)", () => {
  const read = (name: string): unknown => parseJson(gunzipSync(readFileSync(`${recorded}/${name}.json.gz`)).toString("utf8"));

  it("are understood, with all of their patterns", () => {
    const nodeMap = parseNodeMap(read("extension-node-map"));
    expect(nodeMap.repositories.size).toBeGreaterThan(40_000);
    expect(nodeMap.patterns).toHaveLength(39);
    expect(parseModelList(read("model-list")).size).toBeGreaterThan(500);
    expect(parsePackList(read("custom-node-list")).size).toBeGreaterThan(1_300);
    const found = findDependencies(nodesOf("VHS_VideoCombine", "AIO_Preprocessor"), { catalog, maps: { nodeMap } }).nodes;
    expect(found.map(({ pack }) => pack?.repository)).toEqual(["https://github.com/Kosinkadink/ComfyUI-VideoHelperSuite", "https://github.com/Fannovel16/comfyui_controlnet_aux"]);
  });
});
