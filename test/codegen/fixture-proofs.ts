import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { z } from "zod";
import { generateModule } from "../../src/codegen/generate.ts";
import type { Finding } from "../../src/codegen/proof/finding.ts";
import { typeCheck } from "../../src/codegen/proof/type-check.ts";
import { readSource } from "../../src/codegen/source.ts";
import { AppError } from "../../src/errors/app-error.ts";
import { convertExport } from "../../src/graph/convert/convert-export.ts";
import { readExport } from "../../src/graph/export/read-export.ts";
import type { Graph } from "../../src/graph/graph.ts";
import type { Catalog } from "../../src/graph/catalog.ts";
import { FixtureCatalogs, readFixture } from "../conversion/fixtures.ts";

/** What became of one fixture. */
export interface FixtureProof {
  readonly file: string;
  readonly category: string;
  readonly format: "api" | "gui";
  /** `uncovered`: no recorded catalog has all of its classes, or it cannot be converted exactly; it counts for nothing. */
  readonly outcome: "passed" | "failed" | "uncovered";
  /** Why it did not pass. */
  readonly reasons: readonly string[];
  readonly parameters: number;
  readonly lines: number;
}

const entrySchema = z.object({ name: z.string(), category: z.string(), files: z.array(z.string()) });

interface Listed {
  readonly file: string;
  readonly category: string;
}

function listed(): readonly Listed[] {
  const entries = z.array(entrySchema).parse(readFixture("index.json"));
  return entries.flatMap(({ category, files }) => files.filter((file) => file.endsWith(".json") && !file.startsWith("ref/") && !file.startsWith("ports/")).map((file) => ({ file, category })));
}

function classesOf(bytes: Uint8Array, catalogs: FixtureCatalogs): { readonly kind: "api" | "gui"; readonly classes: readonly string[]; readonly problem: string | undefined } {
  const read = readExport(bytes);
  if (read.kind === "api") return { kind: "api", classes: classTypes(read.graph), problem: undefined };
  // The types of an export's nodes are known only once it is converted with the widest catalog.
  const { graph, report } = convertExport(read.workflow, catalogs.for(["\u0000"]));
  const first = report.problems[0];
  return { kind: "gui", classes: classTypes(graph), problem: first === undefined ? undefined : `${first.kind}: ${first.message}` };
}

function classTypes(graph: Graph): readonly string[] {
  return Object.values(graph).map((node) => node.class_type);
}

type Proved = FixtureProof & { readonly text: string };

async function proveOne({ file, category }: Listed, catalogs: FixtureCatalogs): Promise<Proved> {
  const bytes = readFileSync(`../shared/fixtures/${file}`);
  const nothing = { file, category, parameters: 0, lines: 0, text: "" };
  let found: ReturnType<typeof classesOf>;
  try {
    found = classesOf(bytes, catalogs);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { ...nothing, format: "gui", outcome: "uncovered", reasons: [error.detail] };
  }
  const catalog: Catalog = catalogs.for(found.classes);
  const missing = [...new Set(found.classes)].filter((name) => !catalog.classes.has(name));
  const source = readSource(bytes, basename(file), catalog);
  const inexact = source.inexact[0] ?? found.problem;
  if (missing.length > 0 || inexact !== undefined) {
    return { ...nothing, format: found.kind, outcome: "uncovered", reasons: [missing.length > 0 ? `no catalog has ${missing.join(", ")}` : `not converted exactly: ${inexact}`] };
  }
  const made = await generateModule({
    source,
    catalog,
    id: null,
    planner: { kind: "rules" },
    existing: null,
    date: "2026-01-31",
    toolVersion: "0.0.0",
    near: "workflows",
    verify: null,
    typeCheck: () => Promise.resolve({ skipped: "all are checked in one run" }),
  });
  return {
    file,
    category,
    format: found.kind,
    outcome: made.proof.passed ? "passed" : "failed",
    reasons: made.proof.findings.map(({ check, message }) => `${check}: ${message}`),
    parameters: made.endpoint.fields.length,
    lines: made.printed.text.split("\n").length,
    text: made.printed.text,
  };
}

/** Every fixture through rules, printer and the whole proof; the type check is one run of the compiler for all. */
export async function proveFixtures(): Promise<readonly FixtureProof[]> {
  const catalogs = new FixtureCatalogs();
  const proofs: Proved[] = [];
  for (const each of listed()) proofs.push(await proveOne(each, catalogs));
  const texts = new Map(proofs.filter((proof) => proof.text !== "").map((proof) => [proof.file, proof.text]));
  const types = await typeCheck(texts, "workflows");
  if ("skipped" in types) throw new Error(types.skipped);
  return proofs.map(({ text: _text, ...proof }) => {
    const wrong: readonly Finding[] = types.findings.get(proof.file) ?? [];
    return wrong.length === 0 ? proof : { ...proof, outcome: "failed", reasons: [...proof.reasons, ...wrong.map(({ line, message }) => `types: line ${line}: ${message}`)] };
  });
}
