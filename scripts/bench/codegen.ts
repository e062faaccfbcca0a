import { haveFixtures } from "../../test/conversion/fixtures.ts";
import { type FixtureProof, proveFixtures } from "../../test/codegen/fixture-proofs.ts";

/*
 * `npm run bench:codegen`: how many exports become a module that passes the whole proof, by rules alone, by category, and why
 * the others do not.
 */

function row(name: string, proofs: readonly FixtureProof[]): string {
  const count = (outcome: FixtureProof["outcome"]) => proofs.filter((proof) => proof.outcome === outcome).length;
  const covered = proofs.length - count("uncovered");
  const share = covered === 0 ? "–" : `${((100 * count("passed")) / covered).toFixed(0)} %`;
  return `${name.padEnd(24)} ${String(proofs.length).padStart(5)}  ${String(covered).padStart(7)}  ${String(count("passed")).padStart(6)}  ${share.padStart(6)}`;
}

if (haveFixtures) {
  const started = performance.now();
  const proofs = await proveFixtures();
  console.log(`${"category".padEnd(24)} files  covered  passed   share`);
  for (const [category, all] of [...Map.groupBy(proofs, (proof) => proof.category)].toSorted(([a], [b]) => a.localeCompare(b))) console.log(row(category, all));
  for (const format of ["api", "gui"] as const) console.log(row(`all in ${format} format`, proofs.filter((proof) => proof.format === format)));
  console.log(row("all", proofs));
  console.log("\nNot passed:");
  for (const { file, outcome, reasons } of proofs) if (outcome === "failed") console.log(`  ${file}\n${reasons.slice(0, 4).map((reason) => `    ${reason}`).join("\n")}`);
  console.log("\nNot covered:");
  for (const { file, outcome, reasons } of proofs) if (outcome === "uncovered") console.log(`  ${file}: ${(reasons[0] ?? "").slice(0, 160)}`);
  console.log(`\n${proofs.length} files in ${((performance.now() - started) / 1000).toFixed(0)} s`);
} else {
  console.log("../shared/fixtures is not here: nothing to measure by.");
}
