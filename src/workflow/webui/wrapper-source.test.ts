import { describe, expect, it } from "vitest";
import { parseCatalog } from "../../graph/catalog.ts";
import { stringifyJson, type JsonObject } from "../../json/exact.ts";
import { readWrapper } from "./wrapper.ts";
import { workflowFromWrapper } from "./wrapper-source.ts";

const { catalog } = parseCatalog({
  Loader: { input: { required: { model: [["a.safetensors", "b.safetensors"]] } }, output: ["MODEL"] },
  Patch: { input: { required: { model: ["MODEL"], weight: ["FLOAT", { default: 1 }] } }, output: ["MODEL"] },
  Slider: { input: { required: { whole: ["INT"], exact: ["FLOAT"] } }, output: ["FLOAT"] },
  Sampler: {
    input: { required: { model: ["MODEL"], text: ["STRING"], seed: ["INT", { min: 0, max: 2n ** 64n - 1n, control_after_generate: true }], width: ["INT"], height: ["INT"], scale: ["FLOAT"] } },
    output: ["IMAGE"],
  },
  LoadImage: { input: { required: { image: [["x.png"], { image_upload: true }] } }, output: ["IMAGE"] },
  "Power Lora Loader (rgthree)": { input: { optional: { model: ["MODEL"] } }, output: ["MODEL"] },
  Save: { input: { required: { images: ["IMAGE"] } }, output: [], output_node: true },
});

const link = (id: number, from: number, to: number, slot: number, type: string) => [id, from, 0, to, slot, type];

/** Loader → LoRAs → patch (in a group) → sampler → two saves, the second muted; a slider feeds the sampler. */
const gui = {
  nodes: [
    { id: 1, type: "Loader", mode: 0, inputs: [], outputs: [{ name: "MODEL", type: "MODEL" }], widgets_values: ["a.safetensors"] },
    { id: 2, type: "Power Lora Loader (rgthree)", mode: 0, inputs: [{ name: "model", type: "MODEL", link: 1 }], outputs: [{ name: "MODEL", type: "MODEL" }], widgets_values: [{}, { type: "PowerLoraLoaderHeaderWidget" }, {}, ""] },
    { id: 12, type: "Power Lora Loader (rgthree)", mode: 0, inputs: [{ name: "model", type: "MODEL", link: 9 }], outputs: [{ name: "MODEL", type: "MODEL" }], widgets_values: [{}, { type: "PowerLoraLoaderHeaderWidget" }, {}, ""] },
    { id: 3, type: "Patch", mode: 0, pos: [110, 110], size: [50, 50], inputs: [{ name: "model", type: "MODEL", link: 2 }], outputs: [{ name: "MODEL", type: "MODEL" }], widgets_values: [0.5] },
    { id: 4, type: "Slider", mode: 0, inputs: [], outputs: [{ name: "X", type: "FLOAT" }], widgets_values: [3, 3.5] },
    {
      id: 5, type: "Sampler", mode: 0, title: "Main", outputs: [{ name: "IMAGE", type: "IMAGE" }], widgets_values: ["hello", 7, "randomize", 512, 768, 1],
      inputs: [{ name: "model", type: "MODEL", link: 3 }, { name: "scale", type: "FLOAT", link: 4, widget: { name: "scale" } }],
    },
    { id: 6, type: "Save", mode: 0, inputs: [{ name: "images", type: "IMAGE", link: 5 }], outputs: [], widgets_values: [] },
    { id: 7, type: "Save", mode: 2, inputs: [{ name: "images", type: "IMAGE", link: 6 }], outputs: [], widgets_values: [] },
    { id: 8, type: "Fast Groups Bypasser (rgthree)", mode: 0, inputs: [], outputs: [], properties: { matchTitle: "patches" } },
  ],
  links: [link(1, 1, 2, 0, "MODEL"), link(9, 2, 12, 0, "MODEL"), link(2, 12, 3, 0, "MODEL"), link(3, 3, 5, 0, "MODEL"), link(4, 4, 5, 1, "FLOAT"), link(5, 5, 6, 0, "IMAGE"), link(6, 5, 7, 0, "IMAGE")],
  groups: [{ title: "All Patches", bounding: [100, 50, 100, 200] }],
  version: 0.4,
};

const yaml = `
name: Test
description: Makes a test.
workflow_file: base.json
tags: [a, b]
vram_estimate: 24GB
time_estimate: { min: 10, max: 20 }
node_mapping:
  scale: { node_id: 4, node_type: Slider, widget_indices: [0, 1], action_type: modify_widget }
  width: { node_id: 5, widget_indices: [3], action_type: modify_vector_widget, vector_key: x }
  second: { node_ids: [7], action_type: toggle_node_mode, enabled_mode: 0, disabled_mode: 2 }
  patches: { node_ids: [8], action_type: toggle_node_mode, enabled_mode: 0, disabled_mode: 4 }
  loras: { high_node_id: 2, low_node_id: 12, action_type: add_lora_pair }
layout:
  sections:
    - { id: basic, title: Basic }
    - { id: more, title: More, collapsed: true }
inputs:
  - { id: prompt, section: basic, type: textarea, label: Prompt, required: true, max_length: 10, rows: 4, node_id: 5, field: text }
  - { id: seed, section: basic, type: seed, default: -1, node_id: "5", field: seed }
  - { id: scale, section: more, type: slider, min: 1.0, max: 4.0, step: 0.5, default: 3.5, unit: x, node_mapping: scale }
  - { id: width, type: slider, min: 64, max: 1024, step: 64, default: 512 }
  - { id: mode, type: select, options: [{ value: small, label: Small }, tall], default: small, node_id: 5, field: text, depends_on: { field: second, value: true } }
  - { id: second, type: node_mode_toggle, default: 2, node_mapping: second }
  - { id: patches, type: checkbox, default: true }
  - { id: model, type: single_model, default: a.safetensors, node_id: 1, field: model }
  - { id: loras, type: high_low_pair_lora_list, max_items: 2 }
  - { id: height, type: number, min: 64, max: 1024, default: 768, node_id: 5, field: height }
`;

const outcomeOf = (text: string, base: object = gui) => {
  const wrapper = readWrapper({ id: "w/x", file: "w/x.webui.yml", text });
  if (!("exportFile" in wrapper)) return { workflow: null, problems: wrapper, notes: [] };
  return workflowFromWrapper(wrapper, Buffer.from(stringifyJson(base, 1)), catalog);
};

function workflowOf(text: string, base: object = gui) {
  const { workflow, problems } = outcomeOf(text, base);
  if (workflow === null) throw new Error(problems.map(({ message }) => message).join("; "));
  return workflow;
}

describe("workflowFromWrapper", () => {
  const workflow = workflowOf(yaml);
  const make = (inputs: JsonObject) => workflow.generate(workflow.parse({ prompt: "hi", ...inputs }));

  it("describes each input as the wrapper does", () => {
    expect(workflow).toMatchObject({ summary: "Test", description: "Makes a test.", metadata: { tags: ["a", "b"], vram_estimate: "24GB", time_estimate: { min: 10, max: 20 } } });
    expect(workflow.inputSchema).toMatchObject({
      required: ["prompt"],
      additionalProperties: false,
      properties: {
        prompt: { type: "string", minLength: 1, maxLength: 10, title: "Prompt" },
        seed: { type: "integer", minimum: -1, maximum: 2n ** 64n - 1n },
        scale: { type: "number", minimum: 1, maximum: 4, default: 3.5 },
        width: { type: "integer", multipleOf: 64, default: 512 },
        mode: { enum: ["small", "tall"], default: "small" },
        second: { default: false },
        loras: { type: "array", maxItems: 2, default: [] },
      },
    });
    expect(workflow.form?.sections).toEqual([{ id: "basic", title: "Basic", collapsed: false }, { id: "more", title: "More", collapsed: true }]);
    expect(workflow.form?.fields.slice(0, 3)).toEqual([
      { name: "prompt", label: "Prompt", section: "basic", control: "textarea", rows: 4 },
      { name: "seed", label: "seed", section: "basic", control: "seed" },
      { name: "scale", label: "scale", section: "more", control: "slider", unit: "x" },
    ]);
    expect(workflow.form?.fields.find(({ name }) => name === "mode")).toMatchObject({ options: [{ value: "small", label: "Small" }, { value: "tall", label: "tall" }], dependsOn: { field: "second", values: [true] } });
    expect(workflow.seedFields).toEqual(["seed"]);
  });

  it("sets widgets and inputs, and leaves the seed to be drawn for -1", () => {
    const graph = make({ prompt: "hey", scale: 2.5, width: 128, height: 100, model: { path: "b.safetensors" } });
    expect(graph["4"]?.inputs).toEqual({ whole: 2.5, exact: 2.5 });
    expect(graph["5"]?.inputs).toMatchObject({ text: "hey", width: 128, height: 100, seed: 7, scale: ["4", 0] });
    expect(graph["1"]?.inputs).toEqual({ model: "b.safetensors" });
    expect(workflow.parse({ prompt: "x", seed: -1 })).not.toHaveProperty("seed");
    expect(workflow.generate({ ...workflow.parse({ prompt: "x" }), seed: 2n ** 64n - 1n })["5"]?.inputs["seed"]).toBe(2n ** 64n - 1n);
  });

  it("switches nodes on and off, also those of the groups that a switch of groups matches", () => {
    expect(Object.keys(make({}))).not.toContain("7");
    for (const on of [true, 0]) expect(make({ second: on })["7"]?.inputs).toEqual({ images: ["5", 0] });
    expect(Object.keys(make({ second: 4 }))).not.toContain("7");
    const bypassed = make({ patches: false });
    expect(Object.keys(bypassed)).not.toContain("3");
    expect(bypassed["5"]?.inputs["model"]).toEqual(["12", 0]);
  });

  it("adds LoRAs in pairs, in their order", () => {
    const graph = make({ loras: [{ highNoisePath: "h1", lowNoisePath: "l1", strength: 0.5 }, { highNoisePath: "h2", enabled: false }] });
    expect(graph["2"]?.inputs).toMatchObject({ lora_1: { on: true, lora: "h1", strength: 0.5 }, lora_2: { on: false, lora: "h2", strength: 1 } });
    expect(graph["12"]?.inputs).toMatchObject({ lora_1: { on: true, lora: "l1", strength: 0.5 } });
    expect(graph["12"]?.inputs).not.toHaveProperty("lora_2");
  });

  it("sets an input only while what it depends on holds", () => {
    expect(make({ mode: "tall" })["5"]?.inputs["text"]).toBe("hi");
    expect(make({ mode: "tall", second: 0 })["5"]?.inputs["text"]).toBe("tall");
  });

  it.each([
    [{ prompt: "" }, "/prompt"],
    [{ prompt: "far too long" }, "/prompt"],
    [{ scale: 5 }, "/scale"],
    [{ scale: 1.7 }, "/scale"],
    [{ width: 100 }, "/width"],
    [{ mode: "wide" }, "/mode"],
    [{ second: 1 }, "/second"],
    [{ loras: [{ strength: 1 }] }, "/loras/0"],
    [{ loras: [1, 2, 3].map(() => ({ highNoisePath: "a" })) }, "/loras"],
    [{ seed: -2 }, "/seed"],
    [{ sead: 1 }, "/sead"],
  ])("refuses %j at its pointer", (inputs, pointer) => {
    expect(() => workflow.parse({ prompt: "hi", ...inputs })).toThrow(expect.objectContaining({ errors: expect.arrayContaining([expect.objectContaining({ pointer })]) }));
  });

  it("needs a required input that depends on another only when that has the value", () => {
    const text = yaml.replace("default: small, node_id", "required: true, node_id");
    const other = workflowOf(text);
    expect(() => other.parse({ prompt: "hi" })).not.toThrow();
    expect(() => other.parse({ prompt: "hi", second: true })).toThrow(/mode/);
  });

  it("takes an export in API format where the wrapper names inputs", () => {
    const graph = { "5": { class_type: "Sampler", inputs: { text: "a", seed: 1 } }, "2": { class_type: "Power Lora Loader (rgthree)", inputs: { lora_1: { on: true } } } };
    const api = workflowOf("inputs:\n  - { id: text, type: text, node_id: 5, field: text }\n  - { id: loras, type: high_low_pair_lora_list, node_ids: [2, 2] }\n", graph);
    expect(api.generate(api.parse({ text: "b", loras: [{ highNoisePath: "h" }] }))).toEqual({
      "5": { class_type: "Sampler", inputs: { text: "b", seed: 1 } },
      "2": { class_type: "Power Lora Loader (rgthree)", inputs: { lora_1: { on: true }, lora_2: { on: true, lora: "h", strength: 1 } } },
    });
    expect(outcomeOf("inputs:\n  - { id: on, type: checkbox, node_id: 5 }\n", graph).problems).toEqual([expect.objectContaining({ place: { line: 2, column: 5 }, message: expect.stringContaining("GUI format") })]);
  });

  it("says of inputs without a mapping what they are found to mean, or that they change nothing", () => {
    const { workflow: found, notes } = outcomeOf(`inputs:
  - { id: model, type: single_model, default: a.safetensors }
  - { id: use_patches, label: "Enable All Patches (x)", type: node_mode_toggle, default: 0, node_mapping: patch }
  - { id: nothing, type: text, default: x }
`);
    expect(notes.map(({ place, message }) => [place?.line, message])).toEqual([
      [2, expect.stringMatching(/^model is mapped to no node; it sets model of node 1: it alone holds its default/)],
      [3, "use_patches: node_mapping has no patch"],
      [3, expect.stringMatching(/^use_patches is mapped to no node; it sets the mode of nodes 3: /)],
      [4, expect.stringMatching(/^nothing changes nothing/)],
    ]);
    expect(found?.generate({ model: "b.safetensors" })["1"]?.inputs).toEqual({ model: "b.safetensors" });
    expect(Object.keys(found?.generate({ use_patches: false }) ?? {})).not.toContain("3");
  });
});

describe("a wrapper that is wrong", () => {
  it.each([
    ["inputs:\n  - { id: a, type: dial }\n", 2, /type: must be one of text, textarea/],
    ["inputs:\n  - { id: a, type: text }\n  - { id: a, type: text }\n", 3, /two inputs a/],
    ["inputs:\n  - id: a\n    type: text\n    depends_on: { field: b, value: 1 }\n", 4, /depends on b, which is no input/],
    ["inputs:\n  - id: a\n    type: text\n    node_id: 99\n    field: x\n", 2, /no node 99/],
    ["inputs:\n  - { id: a, type: text, node_id: 5, field: txt }\n", 2, /has no input txt; did you mean text/],
    ["node_mapping:\n  a: { node_id: 4, widget_indices: [2], action_type: modify_widget }\ninputs:\n  - { id: a, type: number }\n", 2, /2 widgets_values, and none at 2/],
    ["node_mapping:\n  a: { node_id: 4, action_type: turn }\ninputs: []\n", 2, /action_type must be one of/],
    ["node_mapping:\n  a: { node_id: 3, action_type: toggle_node_mode }\ninputs:\n  - { id: a, type: text }\n", 2, /node_mode_toggle or checkbox/],
    ["inputs:\n  - { id: a, type: slider, min: 1, max: 2, default: 9, node_id: 5, field: width }\n", 2, /default is not allowed/],
    ["inputs:\n  - { id: a, type: select, node_id: 5, field: text }\n", 2, /needs options/],
    ["workflow_file: ../../etc/x.json\ninputs: []\n", 1, /in the workflows folder/],
    ["layout: { sections: [{ id: x }] }\ninputs:\n  - { id: a, type: text, section: y }\n", 3, /section y/],
    ["name: [\n", 2, /not YAML/],
    ["name: x\n", 1, /inputs: must be a list/],
  ])("%j is refused at line %d", (text, line, message) => {
    const { workflow, problems } = outcomeOf(text);
    expect(workflow).toBeNull();
    expect(problems.map((problem) => problem.message).join("\n")).toMatch(message);
    expect(problems[0]).toMatchObject({ file: "w/x.webui.yml", place: expect.objectContaining({ line }) });
  });

  it("names the place in the export that cannot be turned into a graph", () => {
    const broken = { ...gui, nodes: gui.nodes.map((node) => (node.id === 4 ? { ...node, type: "Unknown" } : node)) };
    const { problems } = outcomeOf(yaml, broken);
    expect(problems).toEqual([expect.objectContaining({ file: "w/base.json", place: expect.objectContaining({ line: expect.any(Number) }), message: expect.stringMatching(/Node 4: .*Unknown/) })]);
  });
});
