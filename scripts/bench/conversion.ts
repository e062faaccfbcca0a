import { writeFileSync } from "node:fs";
import { stringifyJson } from "../../src/json/exact.ts";
import { evaluate, type Evaluation } from "../../test/conversion/evaluate.ts";
import { conversionFixtures, FixtureCatalogs, haveFixtures } from "../../test/conversion/fixtures.ts";
import { largeExport } from "../../test/conversion/large-export.ts";
import { tally } from "../../test/conversion/tally.ts";
import { wrongReferences } from "../../test/conversion/wrong-fixtures.ts";
import { convertExport } from "../../src/graph/convert/convert-export.ts";
import { coreCatalog } from "../../src/graph/core-catalog.ts";

/*
 * How exports become graphs: a table by grade, by category and by reason, and the time a large one takes.
 *
 *   npm run bench:conversion             print
 *   npm run bench:conversion -- --raise  and write what was reached to test/conversion/ratchet.json
 */

interface Row {
  files: number;
  exact: number;
  pairs: number;
  samePairs: number;
  refs: number;
  sameRefs: number;
}

function rowsBy(evaluations: readonly Evaluation[], keyOf: (evaluation: Evaluation) => string): Map<string, Row> {
  const rows = new Map<string, Row>();
  for (const evaluation of evaluations) {
    const row = rows.get(keyOf(evaluation)) ?? { files: 0, exact: 0, pairs: 0, samePairs: 0, refs: 0, sameRefs: 0 };
    rows.set(keyOf(evaluation), row);
    row.files += 1;
    if (evaluation.conversion.report.exact) row.exact += 1;
    if (evaluation.pair !== undefined) row.pairs += 1;
    if (evaluation.pair?.length === 0) row.samePairs += 1;
    if (evaluation.ref !== undefined) row.refs += 1;
    if (evaluation.ref?.length === 0) row.sameRefs += 1;
  }
  return rows;
}

function printRows(title: string, rows: ReadonlyMap<string, Row>): void {
  console.log(`\n${title.padEnd(22)} files  report exact  same as recorded  same as front end`);
  for (const [key, row] of [...rows].toSorted(([a], [b]) => a.localeCompare(b))) {
    const share = (part: number, whole: number) => (whole === 0 ? "–" : `${part}/${whole}`);
    console.log(`${key.padEnd(22)} ${String(row.files).padStart(5)}  ${String(row.exact).padStart(12)}  ${share(row.samePairs, row.pairs).padStart(16)}  ${share(row.sameRefs, row.refs).padStart(17)}`);
  }
}

function printReasons(evaluations: readonly Evaluation[]): void {
  console.log("\nWhy a report is not exact (files, places)");
  const problems = evaluations.flatMap(({ fixture, conversion }) => conversion.report.problems.map((problem) => ({ file: fixture.name, reason: `${problem.kind}: ${problem.kind === "missing_class" ? "the class is in no recorded catalog" : problem.message.replaceAll(/[“"].*?[”"]|\d+|\b\w*[A-Z]\w*[A-Z]\w*\b/g, "…").slice(0, 70)}` })));
  for (const [reason, all] of [...Map.groupBy(problems, (problem) => problem.reason)].toSorted(([, a], [, b]) => b.length - a.length)) {
    console.log(`  ${String(new Set(all.map((problem) => problem.file)).size).padStart(3)} ${String(all.length).padStart(4)}  ${reason}`);
  }
  for (const [name, reason] of wrongReferences) console.log(`  The reference of ${name} is wrong: ${reason}`);
}

function printSpeed(): void {
  const catalog = coreCatalog();
  const gui = largeExport(10_000);
  const times = Array.from({ length: 5 }, () => {
    const startMs = performance.now();
    convertExport(gui, catalog);
    return performance.now() - startMs;
  });
  console.log(`\n10,000 nodes convert in ${Math.min(...times).toFixed(0)} ms (best of ${times.length}).`);
}

if (haveFixtures) {
  const catalogs = new FixtureCatalogs();
  const evaluations = conversionFixtures().map((fixture) => evaluate(fixture, catalogs));
  printRows("grade", rowsBy(evaluations, ({ fixture }) => fixture.grade || "no recorded graph"));
  printRows("category", rowsBy(evaluations, ({ fixture }) => fixture.category));
  printReasons(evaluations);
  if (process.argv.includes("--raise")) writeFileSync("test/conversion/ratchet.json", `${stringifyJson(tally(evaluations), 2)}\n`);
} else {
  console.log("../shared/fixtures is not here: nothing to measure exactness by.");
}
printSpeed();
