import { existsSync, globSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readCatalogs } from "../../scripts/bench/parameters-score.ts";
import { findDependencies } from "../../src/graph/dependencies/find-dependencies.ts";
import { readExport } from "../../src/graph/export/read-export.ts";
import type { Graph } from "../../src/graph/graph.ts";
import { applyParameters } from "../../src/graph/parameters/apply-parameters.ts";
import { findParameters } from "../../src/graph/parameters/find-parameters.ts";
import type { Parameter } from "../../src/graph/parameters/parameter.ts";
import type { JsonValue } from "../../src/json/exact.ts";

const fixtures = "../shared/fixtures";
const there = existsSync(fixtures);
const files = there ? globSync([`${fixtures}/api/*.json`, `${fixtures}/pairs/*.api.json`, `${fixtures}/wrapped/*.json`]) : [];
const guiFiles = there ? globSync([`${fixtures}/gui/*.json`, `${fixtures}/pairs/*.gui.json`]) : [];

function graphOf(file: string): Graph {
  const read = readExport(readFileSync(file));
  if (read.kind !== "api") throw new Error(`${file} is in GUI format`);
  return read.graph;
}

/** Some value of the type that is not the default. */
function otherValue({ type, default: given }: Parameter): JsonValue {
  switch (type) {
    case "integer":
      return given === 18446744073709551614n ? 1 : 18446744073709551614n;
    case "number":
      return given === 0.123 ? 0.456 : 0.123;
    case "boolean":
      return given !== true;
    case "json":
      return { changed: true };
    default:
      return "changed-in-the-test";
  }
}

/** The inputs in which two graphs differ, as `node.input`. */
function differences(a: Graph, b: Graph): string[] {
  return Object.entries(a).flatMap(([nodeId, node]) =>
    Object.keys(node.inputs).flatMap((input) => (Object.is(node.inputs[input], b[nodeId]?.inputs[input]) ? [] : [`${nodeId}.${input}`])),
  );
}

describe.skipIf(!there)("recorded exports (skipped without ../shared)", () => {
  const catalog = there ? readCatalogs(fixtures) : { classes: new Map() };

  it.each(guiFiles)("%s is read as GUI format", (file) => {
    expect(readExport(readFileSync(file)).kind).toBe("gui");
  });

  it.each(files)("%s: defaults give the graph back, and each parameter changes only the inputs it names", (file) => {
    const graph = graphOf(file);
    for (const known of [catalog, { classes: new Map() }]) {
      const parameters = findParameters(graph, known);
      expect(parameters.length).toBeGreaterThan(0);
      const defaults = Object.fromEntries(parameters.map((parameter) => [parameter.name, parameter.default]));
      expect(applyParameters(graph, parameters, defaults)).toEqual(graph);
      for (const parameter of parameters) {
        const changed = applyParameters(graph, parameters, { [parameter.name]: otherValue(parameter) });
        expect(differences(graph, changed).toSorted((a, b) => a.localeCompare(b))).toEqual(
          parameter.sets.map(({ nodeId, input }) => `${nodeId}.${input}`).toSorted((a, b) => a.localeCompare(b)),
        );
      }
    }
  });

  it("name a folder for every model file that they use, but for one pack's own", () => {
    const models = files.flatMap((file) => findDependencies(graphOf(file), { catalog }).models);
    expect(models.length).toBeGreaterThan(300);
    expect(models.filter((model) => model.folder === null).map((model) => model.input)).toEqual(["chatglm3_checkpoint"]);
  });
});
