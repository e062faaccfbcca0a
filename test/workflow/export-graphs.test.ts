import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AppError } from "../../src/errors/app-error.ts";
import { readExport } from "../../src/graph/export/read-export.ts";
import type { Graph } from "../../src/graph/graph.ts";
import { coreCatalog } from "../../src/graph/core-catalog.ts";
import { findParameters } from "../../src/graph/parameters/find-parameters.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../src/json/exact.ts";
import { workflowFromExport } from "../../src/workflow/export/export-source.ts";
import { isJsonArray } from "../../src/workflow/json-value.ts";
import { propertiesOf } from "../../src/workflow/schema-node.ts";
import type { Workflow } from "../../src/workflow/workflow.ts";
import { allJsonFixtures, fixtureCatalog, hasFixtures, readFixture } from "./fixtures.ts";

function graphOf(bytes: Uint8Array): Graph | null {
  try {
    const read = readExport(bytes);
    return read.kind === "api" ? read.graph : null;
  } catch (error) {
    if (error instanceof AppError) return null;
    throw error;
  }
}

const catalogs = hasFixtures ? [fixtureCatalog(), coreCatalog()] : [];
const graphs = allJsonFixtures().flatMap((file) => {
  const graph = graphOf(readFixture(file));
  return graph === null ? [] : [{ file, graph }];
});

function workflowOf(file: string, catalogAt: number): Workflow {
  const catalog = catalogs[catalogAt];
  if (catalog === undefined) throw new Error("no catalog");
  const { workflow, problems } = workflowFromExport({ id: "f/x", file, bytes: readFixture(file) }, catalog);
  if (workflow === null) throw new Error(problems.map(({ message }) => message).join("; "));
  return workflow;
}

function inputsThatDiffer(graph: Graph, other: Graph): readonly string[] {
  expect(Object.keys(other)).toEqual(Object.keys(graph));
  return Object.entries(graph).flatMap(([nodeId, node]) => {
    const { inputs, ...rest } = other[nodeId] ?? node;
    expect({ ...rest, inputs: {} }).toEqual({ ...node, inputs: {} });
    const names = new Set([...Object.keys(node.inputs), ...Object.keys(inputs)]);
    return [...names].filter((name) => !isDeepStrictEqual(node.inputs[name], inputs[name])).map((name) => `${nodeId}/${name}`);
  });
}

/** Some value of the field other than the one it has: its schema decides. */
function otherValue(schema: JsonObject, current: JsonValue | undefined): fc.Arbitrary<JsonValue> {
  const options = schema["enum"];
  const of = (values: fc.Arbitrary<JsonValue>): fc.Arbitrary<JsonValue> => values.filter((value) => value !== current);
  if (isJsonArray(options)) return options.length < 2 ? fc.constant("") : of(fc.constantFrom(...options));
  if (schema["type"] === "boolean") return fc.constant(current !== true);
  if (schema["type"] === "integer") {
    const [low, high] = [schema["minimum"], schema["maximum"]].map((bound) => (typeof bound === "number" || typeof bound === "bigint" ? BigInt(bound) : 0n));
    return of(fc.bigInt(low ?? 0n, high ?? 0n).map((value) => (Number.isSafeInteger(Number(value)) ? Number(value) : value)));
  }
  if (schema["type"] === "number") {
    const [low, high] = [schema["minimum"], schema["maximum"]].map((bound) => (typeof bound === "number" ? bound : undefined));
    return of(fc.double({ noNaN: true, noDefaultInfinity: true, min: low ?? -1e9, max: high ?? 1e9 }));
  }
  return of(fc.string({ minLength: 1 }));
}

describe.skipIf(!hasFixtures)("every API graph of the collection, as a .json workflow", () => {
  it("is there", () => {
    expect(graphs.length).toBeGreaterThan(200);
  });

  it.each(graphs)("$file gives back exactly its graph, and a changed parameter changes only the inputs it names", ({ file, graph }) => {
    for (const [at, catalog] of catalogs.entries()) {
      const workflow = workflowOf(file, at);
      expect(workflow.generate(workflow.defaults)).toStrictEqual(graph);
      expect(() => workflow.parse(workflow.example)).not.toThrow();
      if (at > 0) continue;
      const parameters = findParameters(graph, catalog);
      const fields = propertiesOf(workflow.inputSchema);
      expect(Object.keys(fields)).toEqual(parameters.map(({ name }) => name));
      for (const parameter of parameters) {
        const field = fields[parameter.name];
        if (!isJsonObject(field) || parameter.type === "json") continue;
        const isFixed = isJsonArray(field["enum"]) && field["enum"].length < 2;
        if (isFixed) continue;
        const named = parameter.sets.map(({ nodeId, input }) => `${nodeId}/${input}`).sort();
        fc.assert(
          fc.property(otherValue(field, parameter.default), (value) => {
            const inputs = workflow.parse({ ...workflow.example, [parameter.name]: value });
            const made = workflow.generate({ ...workflow.defaults, [parameter.name]: inputs[parameter.name] });
            expect(inputsThatDiffer(graph, made).toSorted()).toEqual(named);
          }),
          { numRuns: 3 },
        );
      }
    }
  });
});
