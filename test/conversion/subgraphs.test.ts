import { describe, expect, it } from "vitest";
import { AppError } from "../../src/errors/app-error.ts";
import { convert, inputsOf, node, problemsOf, subgraph, subgraphId, type Link } from "./gui-export.ts";

const s1 = subgraphId(1);
const s2 = subgraphId(2);
const image = (id: number, parts: Parameters<typeof node>[2] = {}) => node(id, "EmptyImage", { values: [8, 9, 1, 0], out: ["IMAGE"], ...parts });
const save = (id: number, link: number, parts: Parameters<typeof node>[2] = {}) => node(id, "SaveImage", { values: ["out"], in: [`images: IMAGE <- ${link}`], ...parts });

/** A picture whose width and height are inputs of the subgraph, and whose seed (of a sampler beside it) is too. */
const maker = subgraph(1, {
  in: ["width: INT", "height: INT"],
  out: ["IMAGE: IMAGE"],
  nodes: [image(12, { in: ["width (widget): INT <- 1", "height (widget): INT <- 2"] })],
  links: [[1, -10, 0, 12, 0, "INT"], [2, -10, 1, 12, 1, "INT"], [3, 12, 0, -20, 0, "IMAGE"]],
});

function made(instance: Parameters<typeof node>[2], more: { links?: Link[]; nodes?: object[] } = {}) {
  const conversion = convert({
    subgraphs: [maker],
    nodes: [node(5, s1, { out: ["IMAGE"], ...instance }), save(6, 90), ...(more.nodes ?? [])],
    links: [[90, 5, 0, 6, 0, "IMAGE"], ...(more.links ?? [])],
  });
  return { size: [inputsOf(conversion)["5:12"]?.["width"], inputsOf(conversion)["5:12"]?.["height"]], conversion };
}

describe("a subgraph", () => {
  it("unfolds into nodes named by the path of instances, also when it is nested and defined inside another", () => {
    const inner = subgraph(2, { in: ["image: IMAGE"], out: ["IMAGE: IMAGE"], nodes: [node(3, "ImageInvert", { in: ["image: IMAGE <- 1"], out: ["IMAGE"] })], links: [[1, -10, 0, 3, 0, "IMAGE"], [2, 3, 0, -20, 0, "IMAGE"]] });
    const outer = subgraph(1, {
      in: ["image: IMAGE"],
      out: ["IMAGE: IMAGE"],
      nodes: [node(9, s2, { in: ["image: IMAGE <- 1"], out: ["IMAGE"] })],
      links: [[1, -10, 0, 9, 0, "IMAGE"], [2, 9, 0, -20, 0, "IMAGE"]],
      subgraphs: [inner],
    });
    const conversion = convert({ subgraphs: [outer], nodes: [image(1), node(5, s1, { in: ["image: IMAGE <- 1"], out: ["IMAGE"] }), save(6, 2)], links: [[1, 1, 0, 5, 0, "IMAGE"], [2, 5, 0, 6, 0, "IMAGE"]] });
    expect(inputsOf(conversion)).toMatchObject({ "5:9:3": { image: ["1", 0] }, "6": { images: ["5:9:3", 0] } });
    expect(conversion.report.exact).toBe(true);
  });

  it("may hand an input straight to an output", () => {
    const through = subgraph(1, { in: ["a: IMAGE", "b: IMAGE"], out: ["IMAGE: IMAGE"], nodes: [], links: [[1, -10, 1, -20, 0, "IMAGE"]] });
    const conversion = convert({
      subgraphs: [through],
      nodes: [image(1), image(2), node(5, s1, { in: ["a: IMAGE <- 1", "b: IMAGE <- 2"], out: ["IMAGE"] }), save(6, 3)],
      links: [[1, 1, 0, 5, 0, "IMAGE"], [2, 2, 0, 5, 1, "IMAGE"], [3, 5, 0, 6, 0, "IMAGE"]],
    });
    expect(inputsOf(conversion)["6"]).toMatchObject({ images: ["2", 0] });
  });

  it("matches the instance's inputs by name, for those without a link may be left out", () => {
    const { size, conversion } = made({ in: ["height (widget): INT <- 7"], values: [100, 200] }, { nodes: [node(7, "PrimitiveInt", { values: [77, "fixed"], out: ["INT"] })], links: [[7, 7, 0, 5, 0, "INT"]] });
    expect(size).toEqual([100, ["7", 0]]);
    expect(conversion.report.exact).toBe(true);
  });

  it("takes a value from a primitive outside", () => {
    expect(made({ in: ["width (widget): INT <- 7"] }, { nodes: [node(7, "PrimitiveNode", { values: [77, "fixed"], out: ["INT"] })], links: [[7, 7, 0, 5, 0, "INT"]] }).size).toEqual([77, 9]);
  });

  it("that is muted is dead, and one that is bypassed hands its inputs on", () => {
    expect(inputsOf(made({ mode: 2 }).conversion)).toEqual({ "6": { filename_prefix: "out" } });
    const through = subgraph(1, { in: ["a: IMAGE"], out: ["IMAGE: IMAGE"], nodes: [node(3, "ImageInvert", { in: ["image: IMAGE <- 1"], out: ["IMAGE"] })], links: [[1, -10, 0, 3, 0, "IMAGE"], [2, 3, 0, -20, 0, "IMAGE"]] });
    const conversion = convert({ subgraphs: [through], nodes: [image(1), node(5, s1, { mode: 4, in: ["a: IMAGE <- 1"], out: ["IMAGE"] }), save(6, 2)], links: [[1, 1, 0, 5, 0, "IMAGE"], [2, 5, 0, 6, 0, "IMAGE"]] });
    expect(inputsOf(conversion)).toMatchObject({ "6": { images: ["1", 0] } });
    expect(Object.keys(conversion.graph)).toEqual(["1", "6"]);
  });

  it("lets a getter inside read what is set outside", () => {
    const getting = subgraph(1, { out: ["IMAGE: IMAGE"], nodes: [node(2, "GetNode", { values: ["p"], out: ["IMAGE"] }), node(3, "ImageInvert", { in: ["image: IMAGE <- 1"], out: ["IMAGE"] })], links: [[1, 2, 0, 3, 0, "IMAGE"], [2, 3, 0, -20, 0, "IMAGE"]] });
    const conversion = convert({ subgraphs: [getting], nodes: [image(1), node(2, "SetNode", { values: ["p"], in: ["IMAGE: IMAGE <- 1"] }), node(5, s1, { out: ["IMAGE"] }), save(6, 2)], links: [[1, 1, 0, 2, 0, "IMAGE"], [2, 5, 0, 6, 0, "IMAGE"]] });
    expect(inputsOf(conversion)["5:3"]).toMatchObject({ image: ["1", 0] });
  });

  it("that holds itself is left out and named", () => {
    const selfish = subgraph(1, { out: ["IMAGE: IMAGE"], nodes: [node(3, s1, { out: ["IMAGE"] })], links: [[1, 3, 0, -20, 0, "IMAGE"]] });
    const conversion = convert({ subgraphs: [selfish], nodes: [node(5, s1, { out: ["IMAGE"] }), save(6, 1)], links: [[1, 5, 0, 6, 0, "IMAGE"]] });
    expect(inputsOf(conversion)).toEqual({ "6": { filename_prefix: "out" } });
    expect(problemsOf(conversion)).toEqual(["5:3 dropped"]);
  });

  it("that doubles with every level is refused instead of unfolded for ever", () => {
    const levels = Array.from({ length: 40 }, (_, level) => subgraph(level + 1, { nodes: [node(1, subgraphId(level + 2)), node(2, subgraphId(level + 2))], links: [] }));
    expect(() => convert({ subgraphs: levels, nodes: [node(5, s1)] })).toThrow(AppError);
  });

  it("without its definition is named", () => {
    const conversion = convert({ nodes: [node(5, s1, { out: ["IMAGE"] }), save(6, 1)], links: [[1, 5, 0, 6, 0, "IMAGE"]] });
    expect(conversion.report.problems).toMatchObject([{ kind: "missing_class", nodeId: "5", message: expect.stringContaining("definition") }]);
  });
});

describe("the values of an instance", () => {
  it("are the widgets of its inputs in order, where it names no views (first and newest front ends)", () => {
    expect(made({ values: [100, 200] }).size).toEqual([100, 200]);
    expect(made({ values: [100, 200], properties: { proxyWidgets: [] } }).size).toEqual([100, 200]);
  });

  it("that are null, or not there, are those of the node inside", () => {
    expect(made({ values: [null, 200] }).size).toEqual([8, 200]);
    expect(made({ values: [100] }).size).toEqual([100, 9]);
    expect(made({}).size).toEqual([8, 9]);
  });

  it("are found by name when they are saved by name only", () => {
    expect(made({ named: { height: 200 } }).size).toEqual([8, 200]);
  });

  it("named -1 stand at the place of their entry, whatever stands between", () => {
    const properties = { proxyWidgets: [["12", "batch_size"], ["-1", "height"], ["-1", "width"]] };
    expect(made({ values: [null, 200, 100], properties }).size).toEqual([100, 200]);
  });

  it("that are views of the node inside are that node's", () => {
    const properties = { proxyWidgets: [["12", "width"], ["12", "height"]] };
    expect(made({ values: [], properties }).size).toEqual([8, 9]);
    expect(made({ values: [8, 9], properties }).conversion.report.exact).toBe(true);
  });

  it("that contradict the node inside are named", () => {
    for (const name of ["width", "12: width"]) {
      const { size, conversion } = made({ values: [100, 9], properties: { proxyWidgets: [["12", name], ["12", "height"]] } });
      expect(size).toEqual([8, 9]);
      expect(problemsOf(conversion)).toEqual([`5 ${name} ambiguous`]);
    }
  });

  it("without a view come first in the list, where others have one", () => {
    expect(made({ values: [100, 200], properties: { proxyWidgets: [["12", "batch_size"]] } }).size).toEqual([100, 200]);
    expect(made({ values: [200], properties: { proxyWidgets: [["12", "width"]] } }).size).toEqual([8, 200]);
  });

  it("have a place for the control of a seed when the list is longer than the inputs", () => {
    const seeded = subgraph(1, {
      in: ["seed: INT", "steps: INT"],
      out: ["LATENT: LATENT"],
      nodes: [node(3, "KSampler", { values: [1, "fixed", 20, 8, "euler", "normal", 1], in: ["seed (widget): INT <- 1", "steps (widget): INT <- 2"], out: ["LATENT"] })],
      links: [[1, -10, 0, 3, 0, "INT"], [2, -10, 1, 3, 1, "INT"], [3, 3, 0, -20, 0, "LATENT"]],
    });
    const read = (values: unknown[]) => inputsOf(convert({ subgraphs: [seeded], nodes: [node(5, s1, { values, out: ["LATENT"] })] }))["5:3"];
    expect(read([42, "randomize", 30])).toMatchObject({ seed: 42, steps: 30 });
    expect(read([42, 30])).toMatchObject({ seed: 42, steps: 30 });
  });

  it("are each instance's own, though the definition is shared", () => {
    const conversion = convert({ subgraphs: [maker], nodes: [node(5, s1, { values: [100, 200], out: ["IMAGE"] }), node(7, s1, { values: [300, null], out: ["IMAGE"] })] });
    expect(inputsOf(conversion)).toMatchObject({ "5:12": { width: 100, height: 200 }, "7:12": { width: 300, height: 9 } });
  });

  it("reach through nested instances, the outermost that holds one winning", () => {
    const outer = (values: unknown[]) => subgraph(2, {
      in: ["width: INT", "height: INT"],
      out: ["IMAGE: IMAGE"],
      nodes: [node(9, s1, { values, in: ["width (widget): INT <- 1", "height (widget): INT <- 2"], out: ["IMAGE"] })],
      links: [[1, -10, 0, 9, 0, "INT"], [2, -10, 1, 9, 1, "INT"], [3, 9, 0, -20, 0, "IMAGE"]],
    });
    const read = (outerValues: unknown[], innerValues: unknown[]) => {
      const inner = inputsOf(convert({ subgraphs: [maker, outer(innerValues)], nodes: [node(5, s2, { values: outerValues, out: ["IMAGE"] })] }))["5:9:12"];
      return [inner?.["width"], inner?.["height"]];
    };
    expect(read([100, 200], [300, 400])).toEqual([100, 200]);
    expect(read([100, null], [300, 400])).toEqual([100, 400]);
    expect(read([null, null], [null, 400])).toEqual([8, 400]);
  });
});
