import { describe, expect, it } from "vitest";
import { replaceFileReferences } from "./file-references.ts";
import type { Graph } from "./graph.ts";

const first = "a".repeat(64);
const second = "b".repeat(64);

describe("replaceFileReferences", () => {
  it("puts the upload's name in place of each reference and asks once for each file", () => {
    const graph: Graph = {
      "1": { class_type: "LoadImage", inputs: { image: `file:${first}` } },
      "2": { class_type: "LoadImage", inputs: { image: `file:${second}` } },
      "3": { class_type: "LoadImageMask", inputs: { image: `file:${first}`, channel: "red" } },
    };
    const asked: string[] = [];
    const result = replaceFileReferences(graph, (id) => {
      asked.push(id);
      return `up/${id.slice(0, 2)}.png`;
    });
    expect(asked).toEqual([first, second]);
    expect(result.fileIds).toEqual([first, second]);
    expect(Object.values(result.graph).map((node) => node.inputs["image"])).toEqual(["up/aa.png", "up/bb.png", "up/aa.png"]);
    expect(result.graph["3"]?.inputs["channel"]).toBe("red");
    expect(graph["1"]?.inputs["image"]).toBe(`file:${first}`);
  });

  it("takes nothing else for a reference", () => {
    const graph: Graph = {
      "1": { class_type: "CLIPTextEncode", inputs: { text: `see file:${first}`, a: "file:abc", b: `file:${first}\n`, c: `FILE:${first}`, d: ["2", 0], e: 2n ** 60n } },
    };
    const result = replaceFileReferences(graph, () => "never");
    expect(result).toEqual({ graph, fileIds: [] });
  });
});
