import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseJson } from "../../json/exact.ts";
import { parseCatalog } from "../catalog.ts";
import { type Graph, parseGraph } from "../graph.ts";
import { applyParameters } from "./apply-parameters.ts";
import { findParameters } from "./find-parameters.ts";
import type { Parameter } from "./parameter.ts";

/** Written for these tests, after the forms of comfyui-protocol.md §1.6. */
const objectInfo = parseJson(`{
  "CheckpointLoaderSimple": {"input": {"required": {"ckpt_name": [["a.safetensors", "b.safetensors"], {"tooltip": "The model to load."}]}}, "output": ["MODEL", "CLIP", "VAE"]},
  "CLIPTextEncode": {"input": {"required": {"text": ["STRING", {"multiline": true, "tooltip": "What to encode."}], "clip": ["CLIP"]}}, "output": ["CONDITIONING"], "display_name": "CLIP Text Encode (Prompt)"},
  "ConditioningZeroOut": {"input": {"required": {"conditioning": ["CONDITIONING"]}}, "output": ["CONDITIONING"]},
  "FluxGuidance": {"input": {"required": {"conditioning": ["CONDITIONING"], "guidance": ["FLOAT", {"default": 3.5, "min": 0, "max": 100, "step": 0.1}]}}, "output": ["CONDITIONING"]},
  "ControlNetApplyAdvanced": {"input": {"required": {"positive": ["CONDITIONING"], "negative": ["CONDITIONING"], "control_net": ["CONTROL_NET"], "image": ["IMAGE"],
    "strength": ["FLOAT", {"default": 1, "min": 0, "max": 10, "step": 0.01}], "start_percent": ["FLOAT", {}], "end_percent": ["FLOAT", {}]}},
    "output": ["CONDITIONING", "CONDITIONING"], "output_name": ["positive", "negative"]},
  "ControlNetLoader": {"input": {"required": {"control_net_name": [["c.safetensors"]]}}, "output": ["CONTROL_NET"]},
  "KSampler": {"input": {"required": {"model": ["MODEL"], "seed": ["INT", {"min": 0, "max": 18446744073709551615, "control_after_generate": true}],
    "steps": ["INT", {"min": 1, "max": 10000}], "cfg": ["FLOAT", {"min": 0, "max": 100, "step": 0.1}], "sampler_name": [["euler", "dpmpp_2m"]],
    "scheduler": [["normal", "karras"]], "positive": ["CONDITIONING"], "negative": ["CONDITIONING"], "latent_image": ["LATENT"], "denoise": ["FLOAT", {"min": 0, "max": 1}]}}, "output": ["LATENT"]},
  "KSamplerAdvanced": {"input": {"required": {"model": ["MODEL"], "add_noise": [["enable", "disable"]], "noise_seed": ["INT", {"min": 0, "max": 18446744073709551615}], "steps": ["INT", {}],
    "cfg": ["FLOAT", {}], "positive": ["CONDITIONING"], "negative": ["CONDITIONING"], "latent_image": ["LATENT"]}}, "output": ["LATENT"]},
  "BasicGuider": {"input": {"required": {"model": ["MODEL"], "conditioning": ["CONDITIONING"]}}, "output": ["GUIDER"]},
  "RandomNoise": {"input": {"required": {"noise_seed": ["INT", {"min": 0, "max": 18446744073709551615}]}}, "output": ["NOISE"]},
  "SamplerCustomAdvanced": {"input": {"required": {"noise": ["NOISE"], "guider": ["GUIDER"], "sampler": ["SAMPLER"], "sigmas": ["SIGMAS"], "latent_image": ["LATENT"]}}, "output": ["LATENT", "LATENT"]},
  "EmptyLatentImage": {"input": {"required": {"width": ["INT", {"min": 16, "max": 16384, "step": 8}], "height": ["INT", {"min": 16, "max": 16384, "step": 8}], "batch_size": ["INT", {"min": 1, "max": 4096}]}}, "output": ["LATENT"]},
  "ImageScale": {"input": {"required": {"image": ["IMAGE"], "upscale_method": [["lanczos"]], "width": ["INT", {"min": 0, "max": 4096, "step": 1}], "height": ["INT", {"min": 0, "max": 4096, "step": 1}]}}, "output": ["IMAGE"]},
  "WanImageToVideo": {"input": {"required": {"positive": ["CONDITIONING"], "negative": ["CONDITIONING"], "width": ["INT", {}], "height": ["INT", {}], "length": ["INT", {"min": 1, "max": 16384, "step": 4}],
    "batch_size": ["INT", {}]}, "optional": {"start_image": ["IMAGE"], "end_image": ["IMAGE"]}}, "output": ["CONDITIONING", "CONDITIONING", "LATENT"], "output_name": ["positive", "negative", "latent"]},
  "VAEEncode": {"input": {"required": {"pixels": ["IMAGE"], "vae": ["VAE"]}}, "output": ["LATENT"]},
  "VAEDecode": {"input": {"required": {"samples": ["LATENT"], "vae": ["VAE"]}}, "output": ["IMAGE"]},
  "SetLatentNoiseMask": {"input": {"required": {"samples": ["LATENT"], "mask": ["MASK"]}}, "output": ["LATENT"]},
  "LoadImage": {"input": {"required": {"image": [["example.png"], {"image_upload": true}]}}, "output": ["IMAGE", "MASK"]},
  "LoraLoader": {"input": {"required": {"model": ["MODEL"], "clip": ["CLIP"], "lora_name": [["l.safetensors"]], "strength_model": ["FLOAT", {"min": -100, "max": 100}], "strength_clip": ["FLOAT", {"min": -100, "max": 100}]}}, "output": ["MODEL", "CLIP"]},
  "PrimitiveInt": {"input": {"required": {"value": ["INT", {"min": -9223372036854775807, "max": 9223372036854775807, "control_after_generate": true}]}}, "output": ["INT"]},
  "PrimitiveBoolean": {"input": {"required": {"value": ["BOOLEAN", {}]}}, "output": ["BOOLEAN"]},
  "ComfySwitchNode": {"input": {"required": {"switch": ["BOOLEAN"], "on_false": ["*"], "on_true": ["*"]}}, "output": ["*"]},
  "StringConcatenate": {"input": {"required": {"string_a": ["STRING", {"multiline": true}], "string_b": ["STRING", {"multiline": true}], "delimiter": ["STRING", {}]}}, "output": ["STRING"]},
  "ImageBlend": {"input": {"required": {"image": ["IMAGE"], "factor": ["FLOAT", {"min": 0, "max": 1}], "mode": [["normal"]]}}, "output": ["IMAGE"]},
  "CreateVideo": {"input": {"required": {"images": ["IMAGE"], "fps": ["FLOAT", {"min": 1, "max": 120}]}}, "output": ["VIDEO"]},
  "SaveVideo": {"input": {"required": {"video": ["VIDEO"], "filename_prefix": ["STRING", {}], "format": ["COMFY_DYNAMICCOMBO_V3", {"options": [{"key": "mp4", "inputs": {"required": {"codec": ["COMBO", {"options": ["h264", "av1"]}]}}}]}]}}, "output": [], "output_node": true},
  "SaveImage": {"input": {"required": {"images": ["IMAGE"], "filename_prefix": ["STRING", {"default": "ComfyUI"}]}}, "output": [], "output_node": true},
  "ServiceNode": {"input": {"required": {"prompt": ["STRING", {"multiline": true}], "negative_prompt": ["STRING", {}], "seed": ["INT", {"min": 0, "max": 2147483647}], "aspect_ratio": ["COMBO", {"options": ["1:1", "16:9"]}]}}, "output": ["IMAGE"]}
}`);
const { catalog, notes } = parseCatalog(objectInfo);
const noCatalog = { classes: new Map() };

const textToImage = parseGraph(
  parseJson(`{
  "3": {"class_type": "KSampler", "inputs": {"seed": 18446744073709551615, "control_after_generate": "randomize", "steps": 20, "cfg": 8, "sampler_name": "euler", "scheduler": "normal", "denoise": 1,
        "model": ["10", 0], "positive": ["6", 0], "negative": ["7", 0], "latent_image": ["5", 0]}},
  "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "a.safetensors"}},
  "5": {"class_type": "EmptyLatentImage", "inputs": {"width": 512, "height": 768, "batch_size": 1}},
  "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "a fox", "clip": ["10", 1]}},
  "7": {"class_type": "CLIPTextEncode", "inputs": {"text": "blurry", "clip": ["10", 1]}},
  "8": {"class_type": "VAEDecode", "inputs": {"samples": ["3", 0], "vae": ["4", 2]}},
  "9": {"class_type": "SaveImage", "inputs": {"images": ["8", 0], "filename_prefix": "fox"}},
  "10": {"class_type": "LoraLoader", "inputs": {"model": ["4", 0], "clip": ["4", 1], "lora_name": "l.safetensors", "strength_model": 0.8, "strength_clip": 0.8}},
  "11": {"class_type": "KSampler", "inputs": {"seed": 1}}
}`),
);

function find(graph: Graph, gui?: Parameters<typeof findParameters>[2]): Readonly<Record<string, Parameter>> {
  return Object.fromEntries(findParameters(graph, catalog, gui).map((parameter) => [parameter.name, parameter]));
}

/** The graph that a sampler makes of these two conditionings, and the nodes that lead to them. */
function sampled(nodes: Record<string, unknown>, positive: unknown, negative: unknown, sampler: Record<string, unknown> = {}): Graph {
  return parseGraph({
    ...nodes,
    k: { class_type: "KSampler", inputs: { seed: 1, steps: 4, cfg: 5, sampler_name: "euler", scheduler: "normal", denoise: 1, positive, negative, latent_image: ["l", 0], ...sampler } },
    l: { class_type: "EmptyLatentImage", inputs: { width: 64, height: 64, batch_size: 1 } },
    d: { class_type: "VAEDecode", inputs: { samples: ["k", 0] } },
    s: { class_type: "SaveImage", inputs: { images: ["d", 0], filename_prefix: "x" } },
  });
}

function text(words: unknown): unknown {
  return { class_type: "CLIPTextEncode", inputs: { text: words } };
}

it("has a catalog of its own that is understood", () => {
  expect(notes).toEqual([]);
});

describe("a text to image graph", () => {
  it("has the parameters that everyone expects, and those only", () => {
    const found = findParameters(textToImage, catalog);
    expect(found.map(({ name, role, type, default: value, sets }) => [name, role, type, value, sets.map(({ nodeId, input }) => `${nodeId}.${input}`).join(" ")])).toEqual([
      ["prompt", "prompt", "string", "a fox", "6.text"],
      ["negative_prompt", "negative_prompt", "string", "blurry", "7.text"],
      ["seed", "seed", "integer", 18446744073709551615n, "3.seed"],
      ["steps", "steps", "integer", 20, "3.steps"],
      ["cfg", "cfg", "number", 8, "3.cfg"],
      ["sampler", "sampler", "choice", "euler", "3.sampler_name"],
      ["scheduler", "scheduler", "choice", "normal", "3.scheduler"],
      ["denoise", "denoise", "number", 1, "3.denoise"],
      ["width", "width", "integer", 512, "5.width"],
      ["height", "height", "integer", 768, "5.height"],
      ["batch_size", "batch_size", "integer", 1, "5.batch_size"],
      ["model", "model", "choice", "a.safetensors", "4.ckpt_name"],
      ["lora", "lora", "choice", "l.safetensors", "10.lora_name"],
      ["lora_strength", "lora_strength", "number", 0.8, "10.strength_model 10.strength_clip"],
      ["filename_prefix", "filename_prefix", "string", "fox", "9.filename_prefix"],
    ]);
  });

  it("takes types, ranges, options and descriptions from the catalog", () => {
    const found = find(textToImage);
    expect(found["seed"]).toMatchObject({ min: 0, max: 18446744073709551615n, inCatalog: true });
    expect(found["width"]).toMatchObject({ min: 16, max: 16384, step: 8 });
    expect(found["sampler"]?.options).toEqual(["euler", "dpmpp_2m"]);
    expect(found["prompt"]).toMatchObject({ multiline: true, description: "What to encode." });
  });

  it("says where the catalog lacks the class, and takes no more than the JSON type", () => {
    const found = findParameters(textToImage, noCatalog);
    expect(found.map(({ name }) => name)).toEqual(expect.arrayContaining(["prompt", "negative_prompt", "seed", "steps", "width"]));
    expect(found.filter(({ inCatalog, min, max, options }) => inCatalog || min !== undefined || max !== undefined || options !== undefined)).toEqual([]);
    expect(found.find(({ name }) => name === "steps")?.type).toBe("number");
  });
});

describe("prompts", () => {
  it("are told apart by the input of the sampler that they reach, through nodes with both sides", () => {
    const control = { class_type: "ControlNetApplyAdvanced", inputs: { positive: ["g", 0], negative: ["n", 0], control_net: ["cl", 0], image: ["i", 0], strength: 0.7, start_percent: 0, end_percent: 1 } };
    const graph = sampled(
      { n: text("ugly"), p: text("nice"), g: { class_type: "FluxGuidance", inputs: { conditioning: ["p", 0], guidance: 3.5 } }, c: control, cl: { class_type: "ControlNetLoader", inputs: { control_net_name: "c.safetensors" } }, i: { class_type: "LoadImage", inputs: { image: "x.png" } } },
      ["c", 0],
      ["c", 1],
    );
    const found = find(graph);
    expect(found["prompt"]?.default).toBe("nice");
    expect(found["negative_prompt"]?.default).toBe("ugly");
    expect(found["guidance"]?.default).toBe(3.5);
    expect(found["strength"]?.sets).toEqual([{ nodeId: "c", input: "strength" }]);
  });

  it("that are zeroed out for the negative side stay positive", () => {
    const found = find(sampled({ p: text("nice"), z: { class_type: "ConditioningZeroOut", inputs: { conditioning: ["p", 0] } } }, ["p", 0], ["z", 0]));
    expect(found["prompt"]?.default).toBe("nice");
    expect(found["negative_prompt"]).toBeUndefined();
  });

  it("that are empty and have no influence are left out", () => {
    const nodes = { p: text("nice"), n: text("") };
    expect(find(sampled(nodes, ["p", 0], ["n", 0], { cfg: 1 }))["negative_prompt"]).toBeUndefined();
    expect(find(sampled(nodes, ["p", 0], ["n", 0]))["negative_prompt"]?.default).toBe("");
  });

  it("are found through guiders and joined texts", () => {
    const graph = parseGraph({
      a: { class_type: "StringConcatenate", inputs: { string_a: "oil painting of", string_b: ["b", 0], delimiter: ", " } },
      b: { class_type: "PrimitiveStringMultiline", inputs: { value: "a fox" } },
      t: text(["a", 0]),
      g: { class_type: "BasicGuider", inputs: { conditioning: ["t", 0] } },
      r: { class_type: "RandomNoise", inputs: { noise_seed: 7 } },
      k: { class_type: "SamplerCustomAdvanced", inputs: { guider: ["g", 0], noise: ["r", 0] } },
      s: { class_type: "SaveImage", inputs: { images: ["k", 0] } },
    });
    const found = findParameters(graph, catalog);
    expect(found.filter(({ role }) => role === "prompt").map(({ default: value }) => value)).toEqual(["oil painting of", "a fox"]);
    expect(found.find(({ role }) => role === "seed")?.sets).toEqual([{ nodeId: "r", input: "noise_seed" }]);
  });

  it("of nodes that generate on their own are found by name", () => {
    const found = find(parseGraph({ a: { class_type: "ServiceNode", inputs: { prompt: "x", negative_prompt: "", seed: 3, aspect_ratio: "1:1" } }, s: { class_type: "SaveImage", inputs: { images: ["a", 0] } } }));
    expect(Object.keys(found)).toEqual(["prompt", "negative_prompt", "seed", "aspect_ratio"]);
  });
});

describe("values on nodes of their own", () => {
  it("are set there, with the range of the input they end up in", () => {
    const found = find(sampled({ p: text("x"), n: text("y"), v: { class_type: "PrimitiveInt", inputs: { value: 9 } } }, ["p", 0], ["n", 0], { steps: ["v", 0] }));
    expect(found["steps"]).toMatchObject({ default: 9, min: 1, max: 10000, sets: [{ nodeId: "v", input: "value" }] });
  });

  it("behind a switch are one parameter for each branch, and the switch another", () => {
    const nodes = {
      p: text("x"), n: text("y"),
      w: { class_type: "ComfySwitchNode", inputs: { switch: ["b", 0], on_false: ["slow", 0], on_true: ["fast", 0] } },
      b: { class_type: "PrimitiveBoolean", inputs: { value: true } },
      slow: { class_type: "PrimitiveInt", inputs: { value: 20 } },
      fast: { class_type: "PrimitiveInt", inputs: { value: 4 } },
    };
    const found = find(sampled(nodes, ["p", 0], ["n", 0], { steps: ["w", 0] }));
    expect(found["steps"]?.sets).toEqual([{ nodeId: "slow", input: "value" }]);
    expect(found["steps_2"]?.sets).toEqual([{ nodeId: "fast", input: "value" }]);
    expect(found["switch"]?.sets).toEqual([{ nodeId: "b", input: "value" }]);
  });
});

describe("files, sizes and videos", () => {
  const graph = parseGraph({
    a: { class_type: "LoadImage", inputs: { image: "a.png", upload: "image" } },
    b: { class_type: "LoadImage", inputs: { image: "b.png", "choose file to upload": "image" } },
    r: { class_type: "ImageScale", inputs: { image: ["b", 0], upscale_method: "lanczos", width: 832, height: 480 } },
    p: text("x"),
    n: text("y"),
    w: { class_type: "WanImageToVideo", inputs: { positive: ["p", 0], negative: ["n", 0], width: 832, height: 480, length: 81, batch_size: 1, start_image: ["a", 0], end_image: ["r", 0] } },
    m: { class_type: "LoadImage", inputs: { image: "m.png" } },
    q: { class_type: "SetLatentNoiseMask", inputs: { samples: ["w", 2], mask: ["m", 1] } },
    k: { class_type: "KSamplerAdvanced", inputs: { add_noise: "enable", noise_seed: 5, steps: 20, cfg: 3.5, positive: ["w", 0], negative: ["w", 1], latent_image: ["q", 0] } },
    k2: { class_type: "KSamplerAdvanced", inputs: { add_noise: "disable", noise_seed: 0, steps: 20, cfg: 3.5, positive: ["w", 0], negative: ["w", 1], latent_image: ["k", 0] } },
    d: { class_type: "VAEDecode", inputs: { samples: ["k2", 0] } },
    v: { class_type: "CreateVideo", inputs: { images: ["d", 0], fps: 16 } },
    s: { class_type: "SaveVideo", inputs: { video: ["v", 0], filename_prefix: "v", format: "mp4", "format.codec": "h264" } },
  });

  it("are named by what they are for; buttons are none", () => {
    const found = findParameters(graph, catalog).filter(({ type }) => type === "image" || type === "mask");
    expect(found.map(({ name, type, options }) => [name, type, options])).toEqual([
      ["start_image", "image", undefined],
      ["end_image", "image", undefined],
      ["mask", "mask", undefined],
    ]);
  });

  it("of the same value and meaning are one parameter with what suits all of them", () => {
    expect(find(graph)["width"]).toMatchObject({ default: 832, max: 4096, sets: [{ nodeId: "r", input: "width" }, { nodeId: "w", input: "width" }] });
    expect(find(graph)["steps"]?.sets).toHaveLength(2);
  });

  it("include length and frame rate, and no seed that draws no noise", () => {
    const found = find(graph);
    expect(found["length"]).toMatchObject({ default: 81, step: 4 });
    expect(found["fps"]?.default).toBe(16);
    expect(found["seed"]?.sets).toEqual([{ nodeId: "k", input: "noise_seed" }]);
    expect(found["seed_2"]).toBeUndefined();
  });

  it("of a graph that only changes pictures include the amounts of its effects", () => {
    const effect = parseGraph({ a: { class_type: "LoadImage", inputs: { image: "a.png" } }, b: { class_type: "ImageBlend", inputs: { image: ["a", 0], factor: 0.5, mode: "normal" } }, s: { class_type: "SaveImage", inputs: { images: ["b", 0] } } });
    expect(Object.keys(find(effect))).toEqual(["image", "factor"]);
  });
});

describe("what the author chose", () => {
  it("in App Mode comes first, in the author's order, with the role that the links show", () => {
    const gui = { nodes: [{ id: 3, type: "KSampler" }], extra: { linearData: { inputs: [["3", "steps"], [6, "text", { height: 100 }], [3, "control_after_generate"], [99, "gone"], "damaged"] } } };
    const found = findParameters(textToImage, catalog, { gui });
    expect(found.slice(0, 2)).toMatchObject([
      { name: "steps", role: "steps", source: "app_mode", sets: [{ nodeId: "3", input: "steps" }] },
      { name: "text", role: "prompt", source: "app_mode", sets: [{ nodeId: "6", input: "text" }] },
    ]);
    expect(found.filter(({ source }) => source === "app_mode")).toHaveLength(2);
    expect(found.filter(({ role }) => role === "prompt")).toHaveLength(1);
  });

  it.each([
    ["by what is promoted in it", { inputs: [], proxyWidgets: [["6", "text"]] }, [5, "text"]],
    ["by its inputs", { inputs: [{ name: "words", type: "STRING" }], proxyWidgets: undefined }, [5, "words"]],
    ["by the widget's own id", { inputs: [], proxyWidgets: undefined }, ["11111111-2222-4333-8444-555555555555:6:text", "text"]],
  ])("in App Mode may lie in a subgraph: %s", (_, { inputs, proxyWidgets }, entry) => {
    const id = "11111111-2222-4333-8444-555555555555";
    const definition = {
      id, inputs, nodes: [{ id: 6, type: "CLIPTextEncode", inputs: [{ name: "clip" }, { name: "text" }] }],
      links: [{ id: 1, origin_id: -10, origin_slot: 0, target_id: 6, target_slot: 1, type: "STRING" }],
    };
    const gui = { nodes: [{ id: 5, type: id, properties: { proxyWidgets: proxyWidgets ?? [] } }], definitions: { subgraphs: [definition] }, extra: { linearData: { inputs: [entry] } } };
    const graph = parseGraph({ "5:6": { class_type: "CLIPTextEncode", inputs: { text: "inner" } } });
    expect(findParameters(graph, catalog, { gui })[0]).toMatchObject({ source: "app_mode", sets: [{ nodeId: "5:6", input: "text" }], default: "inner" });
  });

  it("in titles is found by name, by input, and on nodes of many inputs by each", () => {
    const graph = parseGraph({
      a: { class_type: "CLIPTextEncode", inputs: { text: "x" }, _meta: { title: "The idea $idea.text" } },
      b: { class_type: "LoadImage", inputs: { image: "a.png" }, _meta: { title: "$Portrait" } },
      c: { class_type: "EmptyLatentImage", inputs: { width: 8, height: 16, batch_size: 1 }, _meta: { title: "Canvas $canvas" } },
      d: { class_type: "KSampler", inputs: { seed: 1, steps: 2 }, _meta: { title: "costs 5$ or US$5, $steps" } },
    });
    const found = findParameters(graph, catalog).filter(({ source }) => source === "title");
    expect(found.map(({ name, sets }) => [name, sets[0]])).toEqual([
      ["idea", { nodeId: "a", input: "text" }],
      ["portrait", { nodeId: "b", input: "image" }],
      ["canvas_width", { nodeId: "c", input: "width" }],
      ["canvas_height", { nodeId: "c", input: "height" }],
      ["canvas_batch_size", { nodeId: "c", input: "batch_size" }],
      ["steps", { nodeId: "d", input: "steps" }],
    ]);
  });

  it("in nodes made for it has the name, type and description that they state", () => {
    const graph = parseGraph({
      a: { class_type: "ComfyUIDeployExternalText", inputs: { input_id: "Positive Prompt", default_value: "a fox", display_name: "Prompt", description: "What to draw" } },
      b: { class_type: "ComfyUIDeployExternalImage", inputs: { input_id: "input_image" } },
      c: { class_type: "SwarmInputInteger", inputs: { title: "Frame Count", value: 16, step: 1, min: 1, max: 99, description: "How many" } },
      d: { class_type: "ETN_Parameter", inputs: { name: "Zoom", type: "number", default: 1.5, min: 0, max: 4 } },
      e: { class_type: "CPackInputString", inputs: { value: "hi" }, _meta: { title: "greeting" } },
    });
    expect(findParameters(graph, catalog).map(({ name, source, type, default: value, sets }) => [name, source, type, value, sets[0]?.input])).toEqual([
      ["positive_prompt", "external_node", "string", "a fox", "default_value"],
      ["input_image", "external_node", "image", "input_image", "input_id"],
      ["frame_count", "external_node", "number", 16, "value"],
      ["zoom", "external_node", "number", 1.5, "default"],
      ["greeting", "external_node", "string", "hi", "value"],
    ]);
  });
});

describe("names", () => {
  it("are unique and the same every time", () => {
    const graph = parseGraph(Object.fromEntries([0, 1, 2].map((id) => [`${id}`, { class_type: "KSampler", inputs: { seed: id, steps: id } }])));
    const names = findParameters(graph, catalog).map(({ name }) => name);
    expect(names).toEqual(["seed", "seed_2", "seed_3", "steps", "steps_2", "steps_3"]);
    expect(findParameters(graph, catalog).map(({ name }) => name)).toEqual(names);
  });
});

describe("any graph", () => {
  const name = fc.constantFrom(
    "text", "positive", "negative", "conditioning", "seed", "steps", "cfg", "image", "width", "height", "x", "lora_1", "upload", "switch", "model", "format.codec", "__proto__", "constructor", "value",
  );
  const className = fc.constantFrom("KSampler", "CLIPTextEncode", "ComfySwitchNode", "StringConcatenate", "LoadImage", "SaveImage", "Reroute", "SwarmInputText", "Unknown", "constructor", "SaveVideo");
  const nodeId = fc.constantFrom("1", "2", "3", "4", "5:6", "__proto__", "gone");
  const value = fc.oneof(
    fc.tuple(nodeId, fc.nat(2)), fc.constantFrom<unknown>("", "a.png", 1, 1.5, true, null, 18446744073709551615n), fc.array(fc.string(), { maxLength: 3 }), fc.dictionary(name, fc.string(), { maxKeys: 2 }),
  );
  const node = fc.record({ class_type: className, inputs: fc.dictionary(name, value, { maxKeys: 8 }), _meta: fc.record({ title: fc.constantFrom("$a", "$b.seed", "KSampler", "图") }) });
  const graphs = fc.dictionary(nodeId, node, { minKeys: 1, maxKeys: 6 }).map((nodes) => parseGraph({ end: { class_type: "SaveImage", inputs: { images: ["1", 0] } }, ...nodes }));
  const gui = fc.record({
    nodes: fc.array(fc.record({ id: nodeId, type: fc.constantFrom("s", "KSampler") })),
    definitions: fc.record({ subgraphs: fc.array(fc.record({ id: fc.constantFrom("s", "t"), nodes: fc.array(fc.record({ id: nodeId, type: fc.constantFrom("s", "t") })) })) }),
    extra: fc.record({ linearData: fc.record({ inputs: fc.array(fc.tuple(nodeId, name)) }) }),
  });

  it("gives parameters of unique names whose defaults are the graph, with links, cycles and subgraphs in themselves", () => {
    fc.assert(
      fc.property(graphs, gui, (graph, workflow) => {
        const parameters = findParameters(graph, catalog, { gui: workflow });
        expect(new Set(parameters.map((parameter) => parameter.name)).size).toBe(parameters.length);
        const defaults = Object.fromEntries(parameters.map((parameter) => [parameter.name, parameter.default]));
        expect(applyParameters(graph, parameters, {})).toEqual(graph);
        expect(applyParameters(graph, parameters, defaults)).toEqual(graph);
        for (const { sets, default: given } of parameters) {
          for (const { nodeId: id, input } of sets) expect(graph[id]?.inputs[input]).toEqual(given);
        }
      }),
      { numRuns: 500 },
    );
  });

  it("of 10,000 nodes in one cycle, or in one tangle, is read to its end", () => {
    const size = 10_000;
    const at = (index: number): unknown => [String(index % size), 0];
    const cycle = Array.from({ length: size }, (_, index) => ({ class_type: "KSampler", inputs: { seed: index, positive: at(index + 1), negative: at(index + 7), latent_image: at(index + 3) } }));
    const tangle = Array.from({ length: size }, (_, index) => ({ class_type: "Any Switch", inputs: Object.fromEntries(["a", "b", "c", "seed", "steps", "text"].map((input, step) => [input, at(index * 7 + step + 1)])) }));
    for (const nodes of [cycle, tangle]) {
      expect(() => findParameters(parseGraph(Object.fromEntries(nodes.map((entry, index) => [String(index), entry]))), catalog)).not.toThrow();
    }
  });
});
