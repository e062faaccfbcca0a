import { describe, expect, it } from "vitest";
import { coreCatalog } from "../../graph/core-catalog.ts";
import { parseGraph } from "../../graph/graph.ts";
import { isSurelyRefused, unrunnableGraph } from "./unrunnable-graph.ts";

const catalog = coreCatalog();
const empty = { class_type: "EmptyImage", inputs: { width: 8, height: 8, batch_size: 1, color: 0 } };

describe("unrunnableGraph", () => {
  it("takes one required value out of each output node and leaves every link", () => {
    const graph = parseGraph({ "1": empty, "2": { class_type: "SaveImage", inputs: { images: ["1", 0], filename_prefix: "x" } } });
    const asked = unrunnableGraph(graph, catalog);
    expect(asked.graph).toEqual({ "1": empty, "2": { class_type: "SaveImage", inputs: { images: ["1", 0] } } });
    expect([...asked.takenOut]).toEqual(["2/filename_prefix"]);
    expect(isSurelyRefused(asked, catalog)).toBe(true);
  });

  it("puts another class in place of an output node that has only links", () => {
    const graph = parseGraph({ "1": empty, "2": { class_type: "PreviewImage", inputs: { images: ["1", 0] } } });
    const asked = unrunnableGraph(graph, catalog);
    expect(Object.keys(asked.graph)).toEqual(["1", "verify-1"]);
    expect(Object.values(asked.graph["verify-1"]?.inputs ?? {})).toEqual([["1", 0]]);
    expect(isSurelyRefused(asked, catalog)).toBe(true);
  });

  it("is never sent as it stands: a whole output node would run", () => {
    const graph = parseGraph({ "1": empty, "2": { class_type: "SaveImage", inputs: { images: ["1", 0], filename_prefix: "x" } } });
    expect(isSurelyRefused({ graph, takenOut: new Set(), unseen: [] }, catalog)).toBe(false);
  });
});
