import { describe, expect, it } from "vitest";
import { parseCatalog, type Catalog } from "../../graph/catalog.ts";
import { stringifyJson, type JsonObject } from "../../json/exact.ts";
import { workflowFromExport } from "./export-source.ts";

const nothing: Catalog = { classes: new Map() };

const socket = (name: string, type: string, isWidget: boolean, link: number | null = null) => ({
  name, localized_name: name, type, link, ...(isWidget ? { widget: { name } } : {}),
});

/** Of a front end that lists every widget; no class is known. */
const gui = {
  nodes: [
    { id: 1, type: "Made", inputs: [socket("amount", "INT", true), socket("seed", "INT", true), socket("how", "COMBO", true)], outputs: [{ name: "X", type: "X" }], widgets_values: [3, 18446744073709551615n, "randomize", "fast"], properties: { cnr_id: "some-pack" } },
    { id: 2, type: "Shown", inputs: [socket("x", "X", false, 1)], outputs: [{ name: "X", type: "X" }], widgets_values: ["what it showed"] },
    { id: 3, type: "Kept", inputs: [socket("x", "X", false, 2), socket("name", "STRING", true), { name: "extra", type: "FLOAT", link: null, widget: { name: "extra" } }], outputs: [], widgets_values: { name: "a", extra: 0.5, videopreview: {} } },
  ],
  links: [[1, 1, 0, 2, 0, "X"], [2, 2, 0, 3, 0, "X"]],
  version: 0.4,
};

const outcomeOf = (value: JsonObject | object, catalog = nothing) => workflowFromExport({ id: "a/b", file: "a/b.json", bytes: Buffer.from(stringifyJson(value, 1)) }, catalog);

describe("an export of classes that the catalog lacks", () => {
  it("is read by what it lists itself, and says so", () => {
    const { workflow, notes, problems } = outcomeOf(gui);
    expect(problems).toEqual([]);
    expect(workflow?.generate(workflow.defaults)).toEqual({
      "1": { class_type: "Made", inputs: { amount: 3, seed: 2n ** 64n - 1n, how: "fast" }, _meta: expect.anything() },
      "2": { class_type: "Shown", inputs: { x: ["1", 0] }, _meta: expect.anything() },
      "3": { class_type: "Kept", inputs: { x: ["2", 0], name: "a", extra: 0.5 }, _meta: expect.anything() },
    });
    expect(notes.map(({ message }) => message)).toEqual([
      "The catalog has no class Made (it comes with the pack some-pack); its inputs are as the export lists them",
      "The catalog has no class Shown; its inputs are as the export lists them",
      "The catalog has no class Kept; its inputs are as the export lists them",
    ]);
  });

  it("is refused where the list does not account for every value, at the node", () => {
    const nodes = gui.nodes.map((node) => (node.id === 1 ? { ...node, widgets_values: [3, 7, "randomize", "fast", "and more"] } : node));
    const { workflow, problems } = outcomeOf({ ...gui, nodes });
    expect(workflow).toBeNull();
    expect(problems).toContainEqual(expect.objectContaining({ place: expect.objectContaining({ line: 3 }), message: expect.stringMatching(/Node 1: .*Made/) }));
  });

  it("is refused when an older front end saved it, which lists no widgets", () => {
    const text = stringifyJson(gui).replaceAll('"localized_name"', '"old"');
    const { problems } = workflowFromExport({ id: "a/b", file: "a/b.json", bytes: Buffer.from(text) }, nothing);
    expect(problems.length).toBeGreaterThan(0);
  });

  it("takes the export's word where the catalog has another version of the class", () => {
    const { catalog } = parseCatalog({
      Made: { input: { required: { amount: ["INT"], seed: ["INT", { control_after_generate: true }] } }, output: ["X"] },
      Shown: { input: { required: { x: ["X"] } }, output: ["X"] },
      Kept: { input: { required: { x: ["X"], name: ["STRING"], extra: ["FLOAT"] } }, output: [] },
    });
    const { workflow, notes } = outcomeOf(gui, catalog);
    expect(workflow?.generate({})["1"]?.inputs).toMatchObject({ how: "fast" });
    expect(notes.map(({ message }) => message)).toContainEqual("The catalog's Made does not fit this export; its inputs are as the export lists them");
  });
});
