import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { evaluate, type Evaluation } from "./evaluate.ts";
import { conversionFixtures, FixtureCatalogs, haveFixtures } from "./fixtures.ts";
import { tally } from "./tally.ts";
import { wrongReferences } from "./wrong-fixtures.ts";

const ratchet = z.record(z.string(), z.number()).parse(JSON.parse(readFileSync("test/conversion/ratchet.json", "utf8")));

describe.skipIf(!haveFixtures)("conversion of recorded exports (skipped without ../shared/fixtures)", () => {
  const catalogs = haveFixtures ? new FixtureCatalogs() : undefined;
  const evaluations: Evaluation[] = catalogs === undefined ? [] : conversionFixtures().map((fixture) => evaluate(fixture, catalogs));
  const graded = (grade: string) => evaluations.filter((evaluation) => evaluation.fixture.grade === grade);

  it.each(graded("A-exact").map((evaluation) => [evaluation.fixture.name, evaluation] as const))("%s becomes exactly its recorded graph", (_, { pair, conversion }) => {
    expect(pair).toEqual([]);
    expect(conversion.report.problems).toEqual([]);
  });

  it.each(graded("B-drift").map((evaluation) => [evaluation.fixture.name, evaluation] as const))(
    "%s becomes its recorded graph but for later inputs and pseudo widgets",
    (_, { pair }) => {
      expect(pair).toEqual([]);
    },
  );

  it.each(graded("C-consistent").map((evaluation) => [evaluation.fixture.name, evaluation] as const))(
    "%s becomes its recorded graph, or the report says why not",
    (_, { pair, conversion }) => {
      const named = new Set(conversion.report.problems.map((problem) => problem.nodeId));
      expect(pair?.filter((difference) => !named.has(difference.nodeId))).toEqual([]);
    },
  );

  const referenced = evaluations.filter(({ ref, fixture }) => ref !== undefined && !wrongReferences.has(fixture.name));
  it.each(referenced.map((evaluation) => [evaluation.fixture.name, evaluation] as const))("%s becomes what the real front end makes of it", (_, { ref }) => {
    expect(ref).toEqual([]);
  });

  it("still meets every reference that is named as wrong, so that the list has no dead names", () => {
    const differing = evaluations.filter(({ ref }) => ref !== undefined && ref.length > 0).map(({ fixture }) => fixture.name);
    expect(differing.toSorted()).toEqual([...wrongReferences.keys()].toSorted());
  });

  it("makes no fewer exports exact than before", () => {
    const counts = tally(evaluations);
    expect(Object.keys(counts).toSorted()).toEqual(Object.keys(ratchet).toSorted());
    for (const [name, count] of Object.entries(ratchet)) expect.soft(counts[name], name).toBeGreaterThanOrEqual(count);
  });
});
