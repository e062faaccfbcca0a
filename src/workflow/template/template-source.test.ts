import { describe, expect, it } from "vitest";
import { parseCatalog } from "../../graph/catalog.ts";
import { stringifyJson, type JsonObject } from "../../json/exact.ts";
import { workflowFromTemplate } from "./template-source.ts";

const { catalog } = parseCatalog({
  KSampler: {
    input: {
      required: {
        seed: ["INT", { default: 0, min: 0, max: 2n ** 64n - 1n, control_after_generate: true }],
        steps: ["INT", { default: 20, min: 1, max: 10_000, tooltip: "Sampling steps." }],
        cfg: ["FLOAT", { default: 8, min: 0, max: 100 }],
        sampler_name: [["euler", "heun"], {}],
        tiled: ["BOOLEAN", { default: false }],
      },
    },
    output: ["LATENT"],
  },
  Text: { input: { required: { text: ["STRING", { multiline: true }], limit: ["INT", { min: 5, max: 50 }] } }, output: [] },
  LoadImage: { input: { required: { image: [["a.png"], { image_upload: true }] } }, output: ["IMAGE"] },
});

const outcomeOf = (graph: object) => workflowFromTemplate({ id: "t/x", file: "t/x.template.json", bytes: Buffer.from(stringifyJson(graph, 2)) }, catalog);

function workflowOf(graph: object) {
  const { workflow, problems } = outcomeOf(graph);
  if (workflow === null) throw new Error(problems.map(({ message }) => message).join("; "));
  return workflow;
}

const graph = {
  "1": { class_type: "KSampler", inputs: { seed: "{input.seed}", steps: "{input.steps}", cfg: "{input.cfg}", sampler_name: "{input.sampler}", tiled: "{input.tiled}" } },
  "2": { class_type: "Text", inputs: { text: "photo of {input.prompt}, {input.steps} steps", limit: 10 }, _meta: { title: "Prompt {input.kept}" } },
  "3": { class_type: "LoadImage", inputs: { image: "{input.image}" } },
  "4": { class_type: "Unknown", inputs: { value: "{input.value}", list: { deep: ["x {input.prompt}"] }, link: ["3", 0] } },
};

describe("workflowFromTemplate", () => {
  it("types each input by where it goes", () => {
    const { inputSchema, seedFields, fileFields, defaults } = workflowOf(graph);
    expect(inputSchema["properties"]).toMatchObject({
      seed: { type: "integer", minimum: 0, maximum: 2n ** 64n - 1n, "x-seed": true },
      steps: { type: "integer", minimum: 1, maximum: 10_000, default: 20, description: "Sampling steps." },
      cfg: { type: "number", minimum: 0, maximum: 100, default: 8 },
      sampler: { enum: ["euler", "heun"] },
      tiled: { type: "boolean", default: false },
      prompt: { type: "string", description: "Sets text of Prompt {input.kept}, list of Unknown." },
      image: { type: "string", "x-file": "image" },
      value: { type: ["string", "number", "integer", "boolean"] },
    });
    expect(inputSchema["required"]).toEqual(["sampler", "prompt", "image", "value"]);
    expect(seedFields).toEqual(["seed"]);
    expect(fileFields).toEqual([{ path: ["image"], accepts: "image" }]);
    expect(defaults).toEqual({ steps: 20, cfg: 8, tiled: false });
  });

  it("puts values in with their type, and as text inside a longer string", () => {
    const workflow = workflowOf(graph);
    const inputs: JsonObject = { ...workflow.parse({ sampler: "heun", prompt: "{input.steps} $& cats", image: "https://x.test/a.png", value: 0.5 }), seed: 2n ** 63n };
    const made = workflow.generate(inputs);
    expect(made["1"]?.inputs).toEqual({ seed: 2n ** 63n, steps: 20, cfg: 8, sampler_name: "heun", tiled: false });
    expect(made["2"]).toEqual({ ...graph["2"], inputs: { text: "photo of {input.steps} $& cats, 20 steps", limit: 10 } });
    expect(made["4"]?.inputs).toEqual({ value: 0.5, list: { deep: ["x {input.steps} $& cats"] }, link: ["3", 0] });
  });

  it("refuses fields it does not have and values that the class would refuse", () => {
    const workflow = workflowOf(graph);
    expect(() => workflow.parse({ sampler: "x", prompt: "", image: "a", value: 1, steps: 0, more: 1 })).toThrow(/sampler/);
    expect(() => workflow.parse({ ...workflow.example, more: 1 })).toThrow(/no field "more"/);
    expect(workflow.parse(workflow.example)).toMatchObject({ steps: 20 });
  });

  it("keeps to the narrowest range of all places", () => {
    const { inputSchema } = workflowOf({
      "1": { class_type: "KSampler", inputs: { steps: "{input.n}" } },
      "2": { class_type: "Text", inputs: { text: "a", limit: "{input.n}" } },
    });
    expect(inputSchema["properties"]).toMatchObject({ n: { minimum: 5, maximum: 50 } });
  });

  it("names every problem with its line", () => {
    const { workflow, problems } = outcomeOf({
      "1": { class_type: "KSampler", inputs: { steps: "{input.n}", cfg: "{inputs.cfg}" } },
      "2": { class_type: "Text", inputs: { text: "{input.n} {input.my-name} { input.x }" } },
      "3": { class_type: "LoadImage", inputs: { image: "{input.n}" } },
    });
    expect(workflow).toBeNull();
    expect(problems.map(({ place, message }) => [place?.line, message.split(" ").slice(0, 4).join(" ")])).toEqual([
      [6, "{inputs.cfg} is no placeholder:"],
      [12, "{input.my-name} is no placeholder:"],
      [12, "{ input.x } is"],
      [18, "{input.n} is used both"],
    ]);
  });

  it.each([
    ['{"1": {"class_type": "A" "inputs": {}}}', /not JSON/, { line: 1, column: 26 }],
    ['{"1":\n {"class_type": "A",\n "inputs": 5}}', /needs inputs/, { line: 3, column: 12 }],
    ['{"nodes": [{"id": 1, "type": "A"}], "links": [], "version": 0.4}', /API format/, null],
    ["[]", /no ComfyUI workflow/, null],
  ])("says what is wrong with %s", (text, message, place) => {
    const { problems } = workflowFromTemplate({ id: "t/x", file: "t/x.template.json", bytes: Buffer.from(text) }, catalog);
    expect(problems).toEqual([{ file: "t/x.template.json", place, message: expect.stringMatching(message) }]);
  });
});
