import { describe, expect, it } from "vitest";
import { AppError } from "../errors/app-error.ts";
import { parseGraph } from "./graph.ts";

const pathsOf = (value: unknown): readonly string[] => {
  try {
    parseGraph(value, "/graph");
    return [];
  } catch (error) {
    return AppError.from(error).errors.map(({ pointer }) => pointer);
  }
};

const node = (inputs: object): object => ({ "1": { class_type: "A", inputs } });

describe("parseGraph", () => {
  it("keeps every JSON value, links, titles and what else a node says of itself, and drops what is undefined", () => {
    const whole = { seed: 18446744073709551615n, from: ["2", 0], list: { __value__: [1, null, true, { a: ["x"] }] }, text: "" };
    const graph = { "1": { class_type: "A", inputs: { ...whole, left: undefined }, _meta: { title: "T", more: 1 }, is_changed: ["x"] } };
    expect(parseGraph(graph)).toStrictEqual({ "1": { class_type: "A", inputs: whole, _meta: { title: "T", more: 1 }, is_changed: ["x"] } });
  });

  it("copies what it is given, to the last list", () => {
        const link = ["2", 0];
    const parsed = parseGraph(node({ a: link }));
    link[1] = 7;
    expect(parsed).toEqual(node({ a: ["2", 0] }));
  });

  it.each([
    ["no object", [], "/graph"],
    ["no nodes", {}, "/graph"],
    ["an empty id", { "": { class_type: "A", inputs: {} } }, "/graph/"],
    ["a node that is a list", { "1": [] }, "/graph/1"],
    ["a node without a class", { "1": { inputs: {} } }, "/graph/1/class_type"],
    ["an empty class", { "1": { class_type: "", inputs: {} } }, "/graph/1/class_type"],
    ["inputs that are a list", node([]), "/graph/1/inputs"],
    ["a title that is no text", { "1": { class_type: "A", inputs: {}, _meta: { title: 1 } } }, "/graph/1/_meta/title"],
    ["no number", node({ a: Number.NaN }), "/graph/1/inputs/a"],
    ["a list with something that is undefined", node({ a: ["x", undefined] }), "/graph/1/inputs/a"],
    ["a value that is no JSON", node({ a: { b: new Date(0) } }), "/graph/1/inputs/a"],
    ["a function", node({ a: () => 1 }), "/graph/1/inputs/a"],
  ])("refuses %s, and says where", (_what, graph, pointer) => {
    expect(pathsOf(graph)).toEqual([pointer]);
  });

  it("never follows a node or an input that is called __proto__", () => {
    const parsed = parseGraph(JSON.parse('{"__proto__":{"class_type":"B","inputs":{}},"1":{"class_type":"A","inputs":{"__proto__":{"x":1},"a":1}}}'));
    expect(Object.entries(parsed)).toEqual([["1", { class_type: "A", inputs: { a: 1 } }]]);
  });
});
