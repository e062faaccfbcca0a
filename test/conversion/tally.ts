import type { Evaluation } from "./evaluate.ts";

/** The numbers that may only rise (ratchet.json): what is the same as recorded, and what converts without a doubt. */
export function tally(evaluations: readonly Evaluation[]): Record<string, number> {
  const counts: Record<string, number> = {};
  const count = (name: string, holds: boolean) => {
    counts[name] = (counts[name] ?? 0) + (holds ? 1 : 0);
  };
  for (const { fixture, pair, ref, conversion } of evaluations) {
    if (pair !== undefined) count(`same as recorded: ${fixture.grade}`, pair.length === 0);
    if (ref !== undefined) count("same as the real front end", ref.length === 0);
    count(`report is exact: ${fixture.grade === "" ? "no recorded graph" : fixture.grade}`, conversion.report.exact);
  }
  return counts;
}
