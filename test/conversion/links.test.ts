import { describe, expect, it } from "vitest";
import { AppError } from "../../src/errors/app-error.ts";
import { convertExport } from "../../src/graph/convert/convert-export.ts";
import { convert, core, coreWith, guiExport, inputsOf, linkObject, node, problemsOf, type Link } from "./gui-export.ts";

const image = (id: number, parts: Parameters<typeof node>[2] = {}) => node(id, "EmptyImage", { values: [8, 8, 1, 0], out: ["IMAGE"], ...parts });
const save = (id: number, link: number | undefined, parts: Parameters<typeof node>[2] = {}) =>
  node(id, "SaveImage", { values: ["out"], in: [link === undefined ? "images: IMAGE" : `images: IMAGE <- ${link}`], ...parts });

describe("links", () => {
  it("are read in both forms, with ids and slots written as numbers or as text", () => {
    const nodes = [image(1), save(2, 5)];
    const list = convert({ nodes, links: [[5, 1, 0, 2, 0, "IMAGE"]] });
    const named = convertExport({ version: 1, nodes, links: [linkObject([5, 1, 0, 2, 0, "IMAGE"])] }, core);
    const texts = convertExport({ nodes, links: [["5", "1", "0", "2", "0", "IMAGE"]] }, core);
    expect(inputsOf(list)["2"]).toEqual({ filename_prefix: "out", images: ["1", 0] });
    expect(named).toEqual(list);
    expect(texts).toEqual(list);
  });

  it("run through reroutes of the core and of rgthree", () => {
    const conversion = convert({
      nodes: [image(1), node(2, "Reroute", { in: ["x: * <- 1"], out: ["*"] }), node(3, "Reroute (rgthree)", { in: ["x: * <- 2"], out: ["*"] }), save(4, 3)],
      links: [[1, 1, 0, 2, 0, "IMAGE"], [2, 2, 0, 3, 0, "IMAGE"], [3, 3, 0, 4, 0, "IMAGE"]],
    });
    expect(inputsOf(conversion)).toMatchObject({ "4": { images: ["1", 0] } });
    expect(conversion.report.nodes.map((entry) => entry.outcome)).toEqual(["converted", "virtual", "virtual", "converted"]);
  });

  it("run from getters to the setter of their name", () => {
    const conversion = convert({
      nodes: [image(1), node(2, "SetNode", { values: ["picture"], in: ["IMAGE: IMAGE <- 1"], out: ["*"] }), node(3, "GetNode", { values: ["picture"], out: ["IMAGE"] }), save(4, 2), node(5, "GetNode", { values: ["nobody"], out: ["IMAGE"] }), save(6, 3)],
      links: [[1, 1, 0, 2, 0, "IMAGE"], [2, 3, 0, 4, 0, "IMAGE"], [3, 5, 0, 6, 0, "IMAGE"]],
    });
    expect(inputsOf(conversion)).toMatchObject({ "4": { images: ["1", 0] } });
    expect(problemsOf(conversion)).toEqual(["6 images dropped"]);
  });

  it("from primitives are values, through reroutes too, and win over the value that the node keeps", () => {
    const conversion = convert({
      nodes: [
        node(1, "PrimitiveNode", { values: [640, "fixed"], out: ["INT"] }),
        node(2, "Reroute", { in: ["x: * <- 1"], out: ["*"] }),
        image(3, { in: ["width (widget): INT <- 2", "height (widget): INT <- 3"] }),
        save(4, 4),
      ],
      links: [[1, 1, 0, 2, 0, "INT"], [2, 2, 0, 3, 0, "INT"], [3, 1, 0, 3, 1, "INT"], [4, 3, 0, 4, 0, "IMAGE"]],
    });
    expect(inputsOf(conversion)["3"]).toMatchObject({ width: 640, height: 640 });
    expect(conversion.report.exact).toBe(true);
  });

  it("to a primitive that holds nothing leave the node its own value", () => {
    const conversion = convert({ nodes: [node(1, "PrimitiveNode", { out: ["INT"] }), image(2, { in: ["width (widget): INT <- 1"] }), save(3, 2)], links: [[1, 1, 0, 2, 0, "INT"], [2, 2, 0, 3, 0, "IMAGE"]] });
    expect(inputsOf(conversion)["2"]).toMatchObject({ width: 8 });
  });

  it("of muted nodes are left out, the value under them too", () => {
    const conversion = convert({
      nodes: [image(1, { mode: 2 }), save(2, 1), node(3, "PrimitiveInt", { values: [5, "fixed"], out: ["INT"], mode: 2 }), image(4, { in: ["width (widget): INT <- 2"] })],
      links: [[1, 1, 0, 2, 0, "IMAGE"], [2, 3, 0, 4, 0, "INT"]],
    });
    expect(inputsOf(conversion)).toEqual({ "2": { filename_prefix: "out" }, "4": { height: 8, batch_size: 1, color: 0 } });
    expect(conversion.report.exact).toBe(true);
    expect(conversion.report.nodes.map((entry) => entry.outcome)).toEqual(["muted", "converted", "muted", "converted"]);
  });

  const bypassed = (ins: string[], outs: string[], wanted: string, slot: number) => {
    const classes = { Source: { input: {}, output: ["A", "B", "C"] }, Middle: { input: {}, output: outs }, Sink: { input: { required: { x: [wanted] } }, output: [], output_node: true } };
    const links: Link[] = ins.map((type, index) => [index + 1, 1, index, 2, index, type]);
    const conversion = convert({
      nodes: [
        node(1, "Source", { out: ["A", "B", "C"] }),
        node(2, "Middle", { mode: 4, in: ins.map((type, index) => `in${index}: ${type} <- ${index + 1}`), out: outs }),
        node(3, "Sink", { in: [`x: ${wanted} <- 9`] }),
      ],
      links: [...links, [9, 2, slot, 3, 0, wanted]],
    }, coreWith(classes));
    return inputsOf(conversion)["3"]?.["x"];
  };

  it.each([
    ["the same place when its type suits", ["A", "B"], ["A", "B"], "B", 1, ["1", 1]],
    ["the first of the very type when the place does not suit", ["A", "B", "B"], ["B"], "B", 0, ["1", 1]],
    ["the first that a list of types meets", ["A", "b,C"], ["B"], "B", 0, ["1", 1]],
    ["the same place for an input that takes all", ["A", "B"], ["X", "Y"], "*", 1, ["1", 1]],
    ["the first for an input that takes all when there is no such place", ["A"], ["X", "Y"], "*", 1, ["1", 0]],
    ["nothing when no type suits", ["A"], ["B"], "B", 0, undefined],
  ])("through a bypassed node take %s", (_, ins, outs, wanted, slot, expected) => {
    expect(bypassed(ins, outs, wanted, slot)).toEqual(expected);
  });

  it("in a circle are left out and named", () => {
    const conversion = convert({
      nodes: [node(1, "Reroute", { in: ["x: * <- 1"], out: ["*"] }), node(2, "Reroute", { in: ["x: * <- 2"], out: ["*"] }), save(3, 3)],
      links: [[1, 2, 0, 1, 0, "*"], [2, 1, 0, 2, 0, "*"], [3, 2, 0, 3, 0, "*"]],
    });
    expect(inputsOf(conversion)).toEqual({ "3": { filename_prefix: "out" } });
    expect(problemsOf(conversion)).toEqual(["3 images dropped"]);
  });

  it("that the export does not hold, or that come from no node, are named", () => {
    const conversion = convert({ nodes: [save(1, 7), save(2, 8)], links: [[8, 99, 0, 2, 0, "IMAGE"]] });
    expect(problemsOf(conversion)).toEqual(["1 images dropped", "2 images dropped"]);
  });

  it("that cg-use-everywhere lists are made where the input has none", () => {
    const nodes = [image(1), node(2, "Anything Everywhere", { in: ["anything: * <- 1"] }), save(3, undefined)];
    const links: Link[] = [[1, 1, 0, 2, 0, "IMAGE"]];
    const listed = convert({ nodes, links, extra: { ue_links: [{ downstream: 3, downstream_slot: 0, upstream: "1", upstream_slot: 0, controller: 2, type: "IMAGE" }] } });
    expect(inputsOf(listed)["3"]).toMatchObject({ images: ["1", 0] });
    expect(listed.report.exact).toBe(true);
    expect(problemsOf(convert({ nodes, links }))).toEqual(["2 ambiguous"]);
  });
});

describe("nodes", () => {
  it("that are notes, or unknown and tied to nothing, are virtual", () => {
    const conversion = convert({ nodes: [image(1), save(2, 1), node(3, "Note", { values: ["hello"] }), node(4, "MarkdownNote", { values: ["# hello"] }), node(5, "Fancy Panel", { out: ["*"] })], links: [[1, 1, 0, 2, 0, "IMAGE"]] });
    expect(Object.keys(conversion.graph)).toEqual(["1", "2"]);
    expect(conversion.report.exact).toBe(true);
  });

  it("of a class that is missing are named with their pack, and keep links and named values", () => {
    const properties = { cnr_id: "some-pack", ver: "1.2.3", aux_id: "me/some-pack" };
    const conversion = convert({ nodes: [image(1), node(2, "Sharpen", { in: ["image: IMAGE <- 1"], out: ["IMAGE"], named: { amount: 2 }, properties }), save(3, 2)], links: [[1, 1, 0, 2, 0, "IMAGE"], [2, 2, 0, 3, 0, "IMAGE"]] });
    expect(inputsOf(conversion)).toMatchObject({ "2": { image: ["1", 0], amount: 2 }, "3": { images: ["2", 0] } });
    expect(conversion.report.problems).toMatchObject([{ kind: "missing_class", nodeId: "2", classType: "Sharpen", pack: { registryId: "some-pack", repository: "me/some-pack", version: "1.2.3" } }]);
  });

  it("keep their title", () => {
    expect(convert({ nodes: [save(1, undefined, { title: "Result" }), image(2)] }).graph).toMatchObject({ "1": { _meta: { title: "Result" } }, "2": { _meta: { title: "EmptyImage" } } });
  });
});

describe("texts that the front end rewrites", () => {
  const nodes = [
    image(1, { title: "Canvas", properties: { "Node name for S&R": "EmptyImage" } }),
    save(2, 1, { values: ["%date:yyyy-MM-dd%/%Canvas.width%x%EmptyImage.height%_%nobody.x%_%a%"] }),
    node(3, "CLIPTextEncode", { values: ["a {red|{blue|green}} \\{x\\} // remark"], in: ["clip: CLIP"], out: ["CONDITIONING"] }),
  ];
  const links: Link[] = [[1, 1, 0, 2, 0, "IMAGE"]];

  it("stay as they are and are named, unless it is asked for", () => {
    const conversion = convert({ nodes, links });
    expect(inputsOf(conversion)).toMatchObject({ "2": { filename_prefix: expect.stringContaining("%date") }, "3": { text: expect.stringContaining("{red|") } });
    expect(conversion.report.nodes.map((entry) => entry.rewritable)).toEqual([[], ["filename_prefix"], ["text"]]);
  });

  it("get dates, values and one of each choice when it is asked for", () => {
    const conversion = convert({ nodes, links }, core, { rewriting: { now: new Date(2026, 0, 5, 6, 7, 8), random: () => 0.99 } });
    expect(inputsOf(conversion)).toMatchObject({ "2": { filename_prefix: "2026-01-05/8x8_%nobody.x%_%a%" }, "3": { text: "a green {x} " } });
  });
});

describe("convertExport", () => {
  it.each([[null], [[]], [{}], [{ nodes: {} }], [{ nodes: [] }], ["text"], [{ "1": { class_type: "A", inputs: {} } }]])("refuses %j, which is no GUI export, with our own error", (value) => {
    expect(() => convertExport(value, core)).toThrow(AppError);
  });

  it("does not change what it is given, and gives the same twice", () => {
    const gui = guiExport({ nodes: [image(1), save(2, 1)], links: [[1, 1, 0, 2, 0, "IMAGE"]] });
    const before = JSON.stringify(gui);
    expect(convertExport(gui, core)).toEqual(convertExport(gui, core));
    expect(JSON.stringify(gui)).toBe(before);
  });

  it("keeps odd ids and names apart from what objects inherit", () => {
    const conversion = convert({ nodes: [image(1), node("__proto__", "SaveImage", { values: ["out"], in: ["images: IMAGE <- 1", "constructor: * <- 1"] })], links: [[1, 1, 0, "__proto__", 0, "IMAGE"]] });
    expect(Object.keys(conversion.graph)).toEqual(["1", "__proto__"]);
    expect(Object.getOwnPropertyDescriptor(conversion.graph, "__proto__")?.value).toMatchObject({ inputs: { images: ["1", 0], constructor: ["1", 0] } });
  });
});
