import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Catalog } from "../../graph/catalog.ts";
import type { Graph } from "../../graph/graph.ts";
import { hostModules } from "../../workflow/host-modules.ts";
import { ModuleLoader } from "../../workflow/module-loader.ts";
import { workflowFromModule } from "../../workflow/module-source.ts";
import type { Workflow } from "../../workflow/workflow.ts";
import type { Endpoint } from "../plan/endpoint.ts";
import type { PrintedModule } from "../print/module.ts";
import { BehaviourCheck } from "./behaviour.ts";
import { checkCatalog } from "./catalog-check.ts";
import { type Check, type CheckName, checkNames, type Finding, type Proof } from "./finding.ts";
import type { TypeCheck } from "./type-check.ts";

export interface ToProve {
  readonly printed: PrintedModule;
  readonly endpoint: Endpoint;
  /** The source graph. */
  readonly graph: Graph;
  readonly catalog: Catalog;
  /** Type-checks the text; asked last, for it takes longest. */
  readonly typeCheck: (text: string) => Promise<TypeCheck>;
  /** Asks a real ComfyUI; null: none was named. */
  readonly askComfyui: (() => Promise<readonly Finding[]>) | null;
}

type Loaded = { readonly workflow: Workflow } | { readonly finding: Finding };

/** Reads the text from a file with the executable's own loader, as it will be read one day. */
async function load(id: string, text: string): Promise<Loaded> {
  const folder = await mkdtemp(join(tmpdir(), "comfyui-api-proof-"));
  try {
    const file = join(folder, `${id}.ts`);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
    const loaded = await new ModuleLoader(folder, hostModules()).load(file);
    if ("failure" in loaded) return { finding: { check: "loads", line: loaded.failure.line, message: loaded.failure.message } };
    const made = workflowFromModule(id, loaded.exports);
    return "workflow" in made ? made : { finding: { check: "loads", line: null, message: made.problems.join("; ") } };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What only a module that loads can be asked. */
const ofRunning: readonly CheckName[] = ["schema", "source", "fields", "refusals"];

/** Everything a generated module must be before it is written. Each check that can run does, whatever the others find. */
export async function prove(subject: ToProve): Promise<Proof> {
  const { printed, endpoint, graph, catalog, askComfyui } = subject;
  const findings: Finding[] = [];
  const skipped = new Map<CheckName, string>();
  const loaded = await load(endpoint.id, printed.text);
  if ("finding" in loaded) {
    findings.push(loaded.finding);
    for (const check of ofRunning) skipped.set(check, "the module does not load");
  } else {
    findings.push(...new BehaviourCheck({ workflow: loaded.workflow, endpoint, graph, lines: printed.lines }).run());
  }
  const inCatalog = checkCatalog(graph, endpoint, catalog, printed.lines);
  findings.push(...inCatalog.findings);
  const types = await subject.typeCheck(printed.text);
  if ("skipped" in types) skipped.set("types", types.skipped);
  else findings.push(...[...types.findings.values()].flat());
  if (askComfyui === null) skipped.set("comfyui", "no --verify");
  else findings.push(...(await askComfyui()));

  const failed = new Set(findings.map((finding) => finding.check));
  const checks = Object.keys(checkNames).filter((name): name is CheckName => Object.hasOwn(checkNames, name));
  return {
    passed: findings.length === 0,
    checks: checks.map((name): Check => ({
      name,
      state: failed.has(name) ? "failed" : skipped.has(name) ? "skipped" : "passed",
      reason: skipped.get(name) ?? "",
    })),
    findings,
    notes: inCatalog.notes,
  };
}
