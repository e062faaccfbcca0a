import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { scorePorts, total } from "./parameters-score.ts";

/**
 * `npm run bench:parameters` compares the parameters found in graphs with those that their authors exposed, by file.
 * `--verbose` also lists what was missed and what was found beyond.
 */
const { values } = parseArgs({ options: { verbose: { type: "boolean", default: false } } });
const fixtures = fileURLToPath(new URL("../../../shared/fixtures/", import.meta.url));

function percent(part: number): string {
  return `${(part * 100).toFixed(0).padStart(3)} %`;
}

if (!existsSync(fixtures)) {
  process.stdout.write("The fixtures are not there: nothing was measured.\n");
} else {
  const scores = scorePorts(fixtures);
  process.stdout.write("recall  precision  exposed  found  file\n");
  for (const score of scores) {
    const { recall, precision } = total([score]);
    const counts = `${String(score.exposed).padStart(7)}  ${String(score.found).padStart(5)}`;
    process.stdout.write(`${percent(recall)}   ${percent(precision)}      ${counts}  ${score.file}\n`);
    if (values.verbose) process.stdout.write(`          missed: ${score.missed.join(", ")}\n          beyond: ${score.surplus.join(", ")}\n`);
  }
  const all = total(scores);
  process.stdout.write(`${percent(all.recall)}   ${percent(all.precision)}      over all (wanted: recall ≥ 80 % at precision ≥ 70 %)\n`);
}
