import { describe, expect, it } from "vitest";
import { AppError } from "../../errors/app-error.ts";
import { type Graph, parseGraph } from "../graph.ts";
import { applyParameters } from "./apply-parameters.ts";
import { findParameters } from "./find-parameters.ts";

const graph: Graph = parseGraph({
  k: { class_type: "KSampler", inputs: { seed: 18446744073709551615n, steps: 20, positive: ["p", 0] }, _meta: { title: "Sampler" } },
  p: { class_type: "CLIPTextEncode", inputs: { text: "a fox" } },
  a: { class_type: "EmptyLatentImage", inputs: { width: 64, height: 32, batch_size: 1 } },
  b: { class_type: "ImageScale", inputs: { image: ["a", 0], width: 64, height: 48 } },
});
const parameters = findParameters(graph, { classes: new Map() });

function refusal(values: Parameters<typeof applyParameters>[2], given = graph): unknown {
  try {
    return applyParameters(given, parameters, values);
  } catch (error) {
    return error instanceof AppError ? error.code : error;
  }
}

describe("applyParameters", () => {
  it("gives the same graph back without values", () => {
    expect(applyParameters(graph, parameters, {})).toEqual(graph);
  });

  it("changes every input that a parameter sets, and nothing else", () => {
    const changed = applyParameters(graph, parameters, { width: 128, prompt: "a bear" });
    expect(changed).toEqual({
      ...graph,
      p: { class_type: "CLIPTextEncode", inputs: { text: "a bear" } },
      a: { class_type: "EmptyLatentImage", inputs: { width: 128, height: 32, batch_size: 1 } },
      b: { class_type: "ImageScale", inputs: { image: ["a", 0], width: 128, height: 48 } },
    });
    expect(Object.keys(changed)).toEqual(Object.keys(graph));
    expect(graph["p"]?.inputs["text"]).toBe("a fox");
  });

  it("keeps big integers exact", () => {
    expect(applyParameters(graph, parameters, { seed: 18446744073709551614n })["k"]?.inputs["seed"]).toBe(18446744073709551614n);
  });

  it("wraps a list, so that it is no link", () => {
    expect(applyParameters(graph, parameters, { prompt: ["a", "b", "c"] })["p"]?.inputs["text"]).toEqual({ __value__: ["a", "b", "c"] });
  });

  it("refuses what is no parameter, would be a link, or sets a node that is not there", () => {
    expect(refusal({ prmpt: "x" })).toBe("invalid_input");
    expect(refusal({ prompt: ["k", 0] })).toBe("invalid_input");
    expect(refusal({ prompt: "x" }, parseGraph({ k: { class_type: "KSampler", inputs: {} } }))).toBe("invalid_graph");
  });
});
