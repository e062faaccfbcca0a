import { describe, expect, it } from "vitest";
import { parseGraph } from "../graph.ts";
import { findParameters } from "./find-parameters.ts";
import { catalog, textToImage } from "./small-catalog.suite.ts";

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
