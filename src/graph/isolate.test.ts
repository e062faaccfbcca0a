import { describe, expect, it } from "vitest";
import type { Graph } from "./graph.ts";
import { isolateOutputs } from "./isolate.ts";

const save = (prefix: Graph[string]["inputs"][string]): Graph => ({ "9": { class_type: "SaveImage", inputs: { images: ["8", 0], filename_prefix: prefix } } });
const prefixOf = (graph: Graph, id = "9") => graph[id]?.inputs["filename_prefix"];

describe("isolateOutputs", () => {
  it("puts every file name prefix below the run's own folder, whatever the node's class", () => {
    const graph: Graph = {
      ...save("ComfyUI"),
      "12": { class_type: "VHS_VideoCombine", inputs: { filename_prefix: "clips/take" } },
      "8": { class_type: "VAEDecode", inputs: { samples: ["3", 0] } },
    };
    const isolated = isolateOutputs(graph, "comfyui-api/job-1");
    expect(prefixOf(isolated)).toBe("comfyui-api/job-1/ComfyUI");
    expect(prefixOf(isolated, "12")).toBe("comfyui-api/job-1/clips/take");
    expect(isolated["8"]).toEqual(graph["8"]);
  });

  it("keeps ComfyUI's own placeholders", () => {
    expect(prefixOf(isolateOutputs(save("%date:yyyy-MM-dd%/x"), "p"))).toBe("p/%date:yyyy-MM-dd%/x");
  });

  it("gives a prefix of its own to one that is linked, no text or empty", () => {
    for (const prefix of [["5", 0], null, 7, "", " "]) expect(prefixOf(isolateOutputs(save(prefix), "p"))).toBe("p/9");
  });

  it("lets no node id lead out of the folder", () => {
    const graph: Graph = { "../../etc/x": { class_type: "SaveImage", inputs: { filename_prefix: ["1", 0] } } };
    expect(prefixOf(isolateOutputs(graph, "p"), "../../etc/x")).toBe("p/______etc_x");
  });

  it("lets no prefix lead out of the folder", () => {
    for (const prefix of ["/etc/x", "../../outside", "a/../../b", "a\\..\\b", "C:x"]) expect(prefixOf(isolateOutputs(save(prefix), "p"))).toBe("p/9");
  });

  it("does not change the graph it was given", () => {
    const graph = save("ComfyUI");
    isolateOutputs(graph, "p");
    expect(prefixOf(graph)).toBe("ComfyUI");
  });
});
