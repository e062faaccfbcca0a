import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseGraph } from "../graph.ts";
import { applyParameters } from "./apply-parameters.ts";
import { findParameters } from "./find-parameters.ts";
import { catalog } from "./small-catalog.suite.ts";

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
