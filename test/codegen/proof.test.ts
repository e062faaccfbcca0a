import { beforeAll, describe, expect, it } from "vitest";
import { type Generated, generateModule } from "../../src/codegen/generate.ts";
import type { CheckName } from "../../src/codegen/proof/finding.ts";
import { prove } from "../../src/codegen/proof/prove.ts";
import { typeCheck } from "../../src/codegen/proof/type-check.ts";
import { readSource, type Source } from "../../src/codegen/source.ts";
import { coreCatalog } from "../../src/graph/core-catalog.ts";
import { sampleGraph } from "./sample-export.ts";

const catalog = coreCatalog();
let source: Source;
let made: Generated;

beforeAll(async () => {
  source = readSource(Buffer.from(JSON.stringify(sampleGraph())), "fox.json", catalog);
  made = await generateModule({ source, catalog, id: "test/fox", planner: { kind: "rules" }, existing: null, date: "2026-01-31", toolVersion: "0", near: "workflows", verify: null });
});

/** Proves the module with one piece of its text damaged, as a fault of the printer would. */
async function provedWith(piece: string | RegExp, damage: string) {
  const text = made.printed.text.replace(piece, damage);
  expect(text).not.toBe(made.printed.text);
  return prove({ printed: { ...made.printed, text }, endpoint: made.endpoint, graph: source.graph, catalog, typeCheck: (module) => typeCheck(new Map([["m", module]]), "workflows"), askComfyui: null });
}

describe("the proof", () => {
  it.each<[string, CheckName, string | RegExp, string]>([
    ["a type that is wrong", "types", "steps: input.steps", "steps: input.stepz"],
    ["text that is no TypeScript", "loads", "export default {", "export default {{"],
    ["a module that lacks a part", "loads", /\n {2}summary:.*\n/, "\n"],
    ["a field without words", "schema", /(width: z[^;]*?)\n? *\.describe\([^)]*\)/, "$1"],
    ["a default that is not the graph's", "source", ".default(768)", ".default(760)"],
    ["a constant that is not the graph's", "source", 'filename_prefix: "fox"', 'filename_prefix: "cat"'],
    ["a link that is not the graph's", "source", 'samples: ["3", 0]', 'samples: ["5", 0]'],
    ["a seed that is rounded", "fields", "seed: input.seed", "seed: 7"],
    ["a field that sets another's input", "fields", "width: input.width, height: input.height", "width: input.height, height: input.width"],
    ["a field that changes more than it names", "fields", "cfg: input.cfg", "cfg: input.cfg + input.steps - 20"],
    ["a range that is too wide", "refusals", ".max(150)", ".max(151)"],
    ["an option that is open", "refusals", "z.enum(samplerOptions)", "z.string()"],
    ["a required field that may be left out", "refusals", 'z.string().min(1).describe("What the result shows.")', 'z.string().default("a red fox").describe("What the result shows.")'],
  ])("finds %s", async (_what, check, piece, damage) => {
    const proof = await provedWith(piece, damage);
    expect(proof.findings.map((finding) => finding.check)).toContain(check);
    expect([proof.passed, proof.checks.find(({ name }) => name === check)?.state]).toEqual([false, "failed"]);
  });

  it("gives the line of what is wrong", async () => {
    const proof = await provedWith('filename_prefix: "fox"', 'filename_prefix: "cat"');
    const line = made.printed.text.split("\n").findIndex((text) => text.includes('filename_prefix: "fox"')) + 1;
    expect(proof.findings.map((finding) => finding.line)).toEqual([line]);
  });
});
