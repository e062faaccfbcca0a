import { describe, expect, it } from "vitest";
import { type Graph, parseGraph } from "../graph.ts";
import { findParameters } from "./find-parameters.ts";
import type { Parameter } from "./parameter.ts";
import { catalog, notes, textToImage } from "./small-catalog.suite.ts";

const noCatalog = { classes: new Map() };

function find(graph: Graph): Readonly<Record<string, Parameter>> {
  return Object.fromEntries(findParameters(graph, catalog).map((parameter) => [parameter.name, parameter]));
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

describe("names", () => {
  it("are unique and the same every time", () => {
    const graph = parseGraph(Object.fromEntries([0, 1, 2].map((id) => [`${id}`, { class_type: "KSampler", inputs: { seed: id, steps: id } }])));
    const names = findParameters(graph, catalog).map(({ name }) => name);
    expect(names).toEqual(["seed", "seed_2", "seed_3", "steps", "steps_2", "steps_3"]);
    expect(findParameters(graph, catalog).map(({ name }) => name)).toEqual(names);
  });
});
