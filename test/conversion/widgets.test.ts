import { describe, expect, it } from "vitest";
import { convertExport } from "../../src/graph/convert/convert-export.ts";
import { parseJson, stringifyJson } from "../../src/json/exact.ts";
import { convert, core, coreWith, inputsOf, node, problemsOf } from "./gui-export.ts";

const sampled = { seed: 7, steps: 20, cfg: 8, sampler_name: "euler", scheduler: "normal", denoise: 1 };

function widgetsOf(values: unknown, classes: Readonly<Record<string, unknown>> = {}, type = "KSampler", more: Parameters<typeof node>[2] = {}) {
  const conversion = convert({ nodes: [node(1, type, { ...more, values }), node(2, "PreviewAny", { in: ["source: * <- 1"] })], links: [[1, 1, 0, 2, 0, "*"]] }, coreWith(classes));
  return { inputs: inputsOf(conversion)["1"], exact: conversion.report.exact, problems: problemsOf(conversion), report: conversion.report.nodes[0] };
}

describe("saved widget values", () => {
  it("are read past the control of a seed, whether it is a word, a switch or not there", () => {
    expect(widgetsOf([7, "randomize", 20, 8, "euler", "normal", 1])).toMatchObject({ inputs: sampled, exact: true });
    expect(widgetsOf([7, true, 20, 8, "euler", "normal", 1])).toMatchObject({ inputs: sampled, exact: true });
    expect(widgetsOf([7, 20, 8, "euler", "normal", 1])).toMatchObject({ inputs: sampled, exact: true });
  });

  it("keep a seed of 2^64−1 exact", () => {
    const gui = parseJson('{"nodes":[{"id":1,"type":"KSampler","widgets_values":[18446744073709551615,"fixed",20,8,"euler","normal",1]}],"links":[]}');
    expect(stringifyJson(convertExport(gui, core).graph)).toContain('"seed":18446744073709551615,');
  });

  it("are read past what upload buttons leave behind, at the end or between required and optional inputs", () => {
    expect(widgetsOf(["a.png", "image"], {}, "LoadImage")).toMatchObject({ inputs: { image: "a.png" }, exact: true });
    const classes = {
      Pick: {
        input: { required: { image: [["a.png"], { image_upload: true }] }, optional: { size: ["INT", { default: 1 }], mode: [["x", "y"]] } },
        output: ["IMAGE"],
      },
    };
    expect(widgetsOf(["a.png", 5, "y", "image"], classes, "Pick")).toMatchObject({ inputs: { image: "a.png", size: 5, mode: "y" }, exact: true });
    expect(widgetsOf(["a.png", "image", 5, "y"], classes, "Pick")).toMatchObject({ inputs: { image: "a.png", size: 5, mode: "y" }, exact: true });
  });

  it("are read past holes", () => {
    expect(widgetsOf([7, "fixed", null, 20, 8, "euler", "normal", 1])).toMatchObject({ inputs: sampled, exact: true });
  });

  it("keep their place where a widget was made a socket", () => {
    const more = { in: ["steps (widget): INT"] };
    expect(widgetsOf([7, "fixed", 20, 8, "euler", "normal", 1], {}, "KSampler", more)).toMatchObject({ inputs: sampled, exact: true });
  });

  it("are taken by name from an object, without buttons and previews", () => {
    const values = { seed: 7, steps: 20, cfg: 8, sampler_name: "euler", scheduler: "normal", denoise: 1, control_after_generate: "fixed", videopreview: { hidden: true } };
    expect(widgetsOf(values).inputs).toEqual(sampled);
  });

  it("that a pack's JavaScript added to an object are passed on", () => {
    const classes = { Combine: { input: { required: { format: [["video/h264-mp4"]] } }, output: ["X"], python_module: "custom_nodes.videos" } };
    expect(widgetsOf({ format: "video/h264-mp4", crf: 19, videopreview: {} }, classes, "Combine").inputs).toEqual({ format: "video/h264-mp4", crf: 19 });
  });

  it("by name repair a list that fits nothing, and are compared with one that does", () => {
    const named = { ...sampled, control_after_generate: "fixed" };
    expect(widgetsOf(["what", 8], {}, "KSampler", { named })).toMatchObject({ inputs: sampled, exact: true });
    expect(widgetsOf([7, "fixed", 20, 8, "euler", "normal", 1], {}, "KSampler", { named })).toMatchObject({ inputs: sampled, exact: true });
    expect(widgetsOf([7, "fixed", 20, 8, "euler", "normal", 1], {}, "KSampler", { named: { ...named, steps: 30 } })).toMatchObject({
      inputs: sampled,
      problems: ["1 steps ambiguous"],
    });
  });

  it("leave out the place of socket-only inputs, which old front ends filled", () => {
    const classes = { Say: { input: { required: { text: ["STRING", { forceInput: true }], size: ["INT", {}], mode: [["x", "y"]] } }, output: ["IMAGE"] } };
    expect(widgetsOf([5, "y"], classes, "Say")).toMatchObject({ inputs: { size: 5, mode: "y" }, exact: true });
    expect(widgetsOf(["", 5, "y"], classes, "Say")).toMatchObject({ inputs: { size: 5, mode: "y" }, exact: true });
  });

  it("follow input_order, not the order of keys", () => {
    const classes = { Two: { input: { required: { "10": ["INT"], "2": ["STRING"] } }, input_order: { required: ["10", "2"] }, output: ["IMAGE"] } };
    expect(widgetsOf([5, "y"], classes, "Two").inputs).toEqual({ "10": 5, "2": "y" });
  });

  it("are read past both controls of a combo", () => {
    const classes = { Pick: { input: { required: { name: ["COMBO", { options: ["a", "b"], control_after_generate: true }], size: ["INT"] } }, output: ["IMAGE"] } };
    expect(widgetsOf(["b", "increment", "", 4], classes, "Pick")).toMatchObject({ inputs: { name: "b", size: 4 }, exact: true });
  });

  it("that came later than the export are the class's defaults, and the report names them", () => {
    const read = widgetsOf([7, "fixed", 20, 8, "euler"]);
    expect(read).toMatchObject({ inputs: { ...sampled, scheduler: expect.any(String) }, exact: true });
    expect(read.report?.defaulted).toEqual(["scheduler", "denoise"]);
  });

  it("that only a person can choose make it inexact when they are missing", () => {
    const read = widgetsOf([], {}, "CheckpointLoaderSimple");
    expect(read).toMatchObject({ inputs: {}, problems: ["1 ckpt_name ambiguous"] });
    expect(widgetsOf({}, {}, "CheckpointLoaderSimple").problems).toEqual(["1 ckpt_name ambiguous"]);
  });

  it("that lie between others and are missing make it inexact", () => {
    const classes = { Three: { input: { required: { a: [["x", "y"]], n: ["INT", { default: 3 }], b: [["p", "q"]] } }, output: ["IMAGE"] } };
    expect(widgetsOf(["x", "q"], classes, "Three")).toMatchObject({ inputs: { a: "x", n: 3, b: "q" }, problems: ["1 ambiguous"] });
  });

  it("that cannot be those of the class are named with node and input", () => {
    const read = widgetsOf([7, "fixed", {}, 8, "euler", "normal", 1]);
    expect(read.exact).toBe(false);
    expect(read.problems).toContain("1 steps ambiguous");
  });

  it("that a pack's class has no input for make it inexact; a core display's do not", () => {
    const classes = { Odd: { input: { required: { n: ["INT"] } }, output: ["IMAGE"], python_module: "custom_nodes.odd" } };
    expect(widgetsOf([1, { on: true, lora: "x" }], classes, "Odd").problems).toEqual(["1 dropped"]);
    expect(widgetsOf(["text", "a shown text", null], {}, "PrimitiveString").exact).toBe(true);
  });

  it("that are not among the options are kept and named", () => {
    const read = widgetsOf([7, "fixed", 20, 8, "no_such_sampler", "normal", 1]);
    expect(read.inputs).toMatchObject({ sampler_name: "no_such_sampler" });
    expect(read.report?.unlisted).toEqual(["sampler_name"]);
  });

  it("that are lists are wrapped, for a bare list is a link", () => {
    const classes = { Many: { input: { required: { names: ["COMBO", { options: ["a", "b"], multiselect: true }] } }, output: ["IMAGE"] } };
    expect(widgetsOf([["a", "b"]], classes, "Many").inputs).toEqual({ names: { __value__: ["a", "b"] } });
  });

  it("of a view that is drawn in the browser are said to be missing", () => {
    const read = widgetsOf(["toy.glb", "upload3dmodel", "uploadExtraResources", "clear", "", 512, 256], {}, "Load3D");
    expect(read.inputs).toMatchObject({ model_file: "toy.glb", width: 512, height: 256 });
    expect(read.problems).toEqual(["1 image ambiguous"]);
  });

  it("of rgthree's LoRA loader become its numbered inputs", () => {
    const classes = { "Power Lora Loader (rgthree)": { input: { required: {}, optional: { model: ["MODEL"] } }, output: ["MODEL"], python_module: "custom_nodes.rgthree-comfy" } };
    const values = [{}, { type: "PowerLoraLoaderHeaderWidget" }, { on: true, lora: "a.safetensors", strength: 0.5, strengthTwo: null }, {}, ""];
    expect(widgetsOf(values, classes, "Power Lora Loader (rgthree)")).toMatchObject({
      inputs: { PowerLoraLoaderHeaderWidget: { type: "PowerLoraLoaderHeaderWidget" }, lora_1: { on: true, lora: "a.safetensors", strength: 0.5 }, "➕ Add Lora": "" },
      exact: true,
    });
  });
});

describe("dynamic inputs", () => {
  const classes = {
    Resize: {
      input: {
        required: {
          mode: ["COMFY_DYNAMICCOMBO_V3", { options: [
            { key: "scale", inputs: { required: { factor: ["FLOAT", { default: 1 }] } } },
            { key: "size", inputs: { required: { width: ["INT", { default: 8 }], seed: ["INT", { default: 0 }], crop: ["COMBO", { options: ["no", "center"] }] } } },
          ] }],
          method: ["COMBO", { options: ["area", "bicubic"] }],
        },
      },
      output: ["IMAGE"],
    },
    Batch: { input: { required: { images: ["COMFY_AUTOGROW_V3", { template: { input: { required: { image: ["IMAGE"] } }, prefix: "image", min: 1, max: 9 } }], gap: ["INT"] } }, output: ["IMAGE"] },
    Group: { input: { required: { before: ["STRING"], loras: ["COMFY_DYNAMICGROUP_V3", { template: { required: { name: ["COMBO", { options: ["a", "b"] }], strength: ["FLOAT"] } }, min: 1, max: 3 }], after: ["STRING"] } }, output: ["IMAGE"] },
    Slot: { input: { required: { extra: ["COMFY_DYNAMICSLOT_V3", { slotType: "IMAGE", inputs: { required: { weight: ["FLOAT", { default: 1 }] } } }], last: ["INT"] } }, output: ["IMAGE"] },
  };

  it("of a combo stand behind their choice and get dotted names", () => {
    expect(widgetsOf(["scale", 2, "area"], classes, "Resize")).toMatchObject({ inputs: { mode: "scale", "mode.factor": 2, method: "area" }, exact: true });
    expect(widgetsOf(["size", 64, 5, "fixed", "center", "bicubic"], classes, "Resize")).toMatchObject({
      inputs: { mode: "size", "mode.width": 64, "mode.seed": 5, "mode.crop": "center", method: "bicubic" },
      exact: true,
    });
  });

  it("of a combo are found by name too", () => {
    const named = { mode: "size", "mode.width": 64, "mode.seed": 5, "mode.crop": "center", method: "bicubic" };
    expect(widgetsOf(undefined, classes, "Resize", { named })).toMatchObject({ inputs: named, exact: true });
  });

  it("of a growing list are the links that are there", () => {
    const conversion = convert({
      nodes: [node(1, "EmptyImage", { values: [8, 8, 1, 0], out: ["IMAGE"] }), node(2, "Batch", { values: [3], in: ["images.image0: IMAGE <- 1", "images.image1: IMAGE <- 2", "images.image2: IMAGE"] })],
      links: [[1, 1, 0, 2, 0, "IMAGE"], [2, 1, 0, 2, 1, "IMAGE"]],
    }, coreWith(classes));
    expect(inputsOf(conversion)["2"]).toEqual({ gap: 3, "images.image0": ["1", 0], "images.image1": ["1", 0] });
    expect(conversion.report.exact).toBe(true);
  });

  it("of a group are as many rows as the node has sockets for, and at least the first", () => {
    const more = { in: ["loras.0.name (widget): COMBO", "loras.1.name (widget): COMBO"] };
    expect(widgetsOf(["x", "a", 0.5, "b", 1, "y"], classes, "Group", more)).toMatchObject({
      inputs: { before: "x", "loras.0.name": "a", "loras.0.strength": 0.5, "loras.1.name": "b", "loras.1.strength": 1, after: "y" },
      exact: true,
    });
  });

  it("of a slot are there once it is linked", () => {
    const parts = (link: string, values: unknown[]) => convert({
      nodes: [node(1, "EmptyImage", { values: [8, 8, 1, 0], out: ["IMAGE"] }), node(2, "Slot", { values, in: [`extra: IMAGE${link}`] })],
      links: [[1, 1, 0, 2, 0, "IMAGE"]],
    }, coreWith(classes));
    expect(inputsOf(parts(" <- 1", [0.5, 4]))["2"]).toEqual({ extra: ["1", 0], "extra.weight": 0.5, last: 4 });
  });
});
