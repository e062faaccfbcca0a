import { existsSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { scorePorts, total } from "../../scripts/bench/parameters-score.ts";

const fixtures = "../shared/fixtures";

/** What `npm run bench:parameters` found last, rounded down to a percent. They may only rise. */
const ratchet = { recall: 0.86, precision: 0.72 };

describe.skipIf(!existsSync(`${fixtures}/ports`))("parameters beside those that authors exposed themselves (skipped without ../shared)", () => {
  const scores = existsSync(`${fixtures}/ports`) ? scorePorts(fixtures) : [];

  it("are compared for every recorded workflow", () => {
    expect(scores.length).toBeGreaterThanOrEqual(21);
  });

  it("find as much, and as little beyond, as ever before", () => {
    const { recall, precision } = total(scores);
    expect(recall).toBeGreaterThanOrEqual(ratchet.recall);
    expect(precision).toBeGreaterThanOrEqual(ratchet.precision);
  });
});
