import { describe, expect, it } from "vitest";
import { haveFixtures } from "../conversion/fixtures.ts";
import { type FixtureProof, proveFixtures } from "./fixture-proofs.ts";

/**
 * Why some exports cannot pass with the recorded catalogs: they are of another time, and name an option that the catalog's ComfyUI
 * does not have. With its own ComfyUI's catalog each would pass.
 */
const ofAnotherTime: readonly (readonly [why: string, finding: RegExp])[] = [
  ["an option that came after 0.3.64", /no option "(?:uso|ovis|krea2)"/],
  ["an option that an API of that time renamed", /IdeogramV3\.rendering_speed has no option "BALANCED"/],
  ["samplers by the names that they had in early 2023", /no option "sample_dpmpp_/],
  ["addresses that one gateway puts in place of model files", /CheckpointLoaderSimple\.ckpt_name has no option "https:/],
];

function isExplained({ reasons }: FixtureProof): boolean {
  return reasons.every((reason) => ofAnotherTime.some(([, finding]) => finding.test(reason)));
}

describe.skipIf(!haveFixtures)("exports of other people (skipped where ../shared/fixtures is not)", () => {
  it("become modules that pass the whole proof, but for those whose options no recorded catalog has", { timeout: 300_000 }, async () => {
    const proofs = await proveFixtures();
    const failed = proofs.filter(({ outcome }) => outcome === "failed");
    expect(failed.filter((proof) => !isExplained(proof)).map(({ file, reasons }) => ({ file, reasons }))).toEqual([]);
    // May only rise: what is covered grows with the catalogs and the conversion.
    expect(proofs.filter(({ outcome }) => outcome === "passed").length).toBeGreaterThanOrEqual(390);
  });
});
