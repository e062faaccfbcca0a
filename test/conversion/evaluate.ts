import { z } from "zod";
import { convertExport, type Conversion } from "../../src/graph/convert/convert-export.ts";
import { parseGraph } from "../../src/graph/graph.ts";
import { compareGraphs, type Difference } from "./compare-graphs.ts";
import { readFixture, type ConversionFixture, type FixtureCatalogs } from "./fixtures.ts";

/** What a fixture's export became, beside what it should have become. */
export interface Evaluation {
  readonly fixture: ConversionFixture;
  readonly conversion: Conversion;
  /** Against the recorded graph; `undefined`: none was recorded in the same state. */
  readonly pair: readonly Difference[] | undefined;
  /** Against the real front end's conversion; `undefined`: there is none. */
  readonly ref: readonly Difference[] | undefined;
}

const nodesSchema = z.looseObject({
  nodes: z.array(z.looseObject({ type: z.string() })),
  definitions: z.looseObject({ subgraphs: z.array(z.looseObject({ nodes: z.array(z.looseObject({ type: z.string() })) })).optional() }).optional(),
});

/** Kinds that no catalog has: they live in the front end. */
const frontEndOnly = /^(Reroute|Note|MarkdownNote|PrimitiveNode|SetNode|GetNode|workflow[>/].*|[0-9a-f]{8}-[0-9a-f-]{27})$/;

function classTypesOf(gui: unknown): string[] {
  const { nodes, definitions } = nodesSchema.parse(gui);
  const all = [...nodes, ...(definitions?.subgraphs ?? []).flatMap((subgraph) => subgraph.nodes)];
  return [...new Set(all.map((node) => node.type))].filter((type) => !frontEndOnly.test(type));
}

/** Widgets that show something and take no part in a run; front ends of their time sent them all the same. */
const pseudoInputs = new Set(["audioUI", "video-preview", "preview", "$$node-text-preview"]);

/** What grade B-drift stands for: inputs that the class got later, and pseudo widgets (SOURCES.md). */
function isDrift(difference: Difference, conversion: Conversion): boolean {
  const { nodeId, input, kind } = difference;
  if (input === undefined) return false;
  if (kind === "missing_input") return pseudoInputs.has(input);
  const defaulted = conversion.report.nodes.find((node) => node.nodeId === nodeId)?.defaulted ?? [];
  return kind === "extra_input" && defaulted.includes(input);
}

export function evaluate(fixture: ConversionFixture, catalogs: FixtureCatalogs): Evaluation {
  const gui = readFixture(fixture.gui);
  const conversion = convertExport(gui, catalogs.for(classTypesOf(gui)));
  const sameState = /^[ABC]-/.test(fixture.grade);
  const pair = sameState && fixture.api !== undefined ? compareGraphs(parseGraph(readFixture(fixture.api)), conversion.graph) : undefined;
  // The recorded front end had the core's classes only.
  const ref = fixture.ref === undefined ? undefined : compareGraphs(parseGraph(readFixture(fixture.ref)), convertExport(gui, catalogs.core).graph);
  const strict = fixture.grade === "A-exact";
  return { fixture, conversion, pair: strict ? pair : pair?.filter((difference) => !isDrift(difference, conversion)), ref };
}
