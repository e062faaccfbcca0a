import type { Catalog } from "../graph/catalog.ts";
import { compactSubject } from "./brief/compact-graph.ts";
import { askPlan } from "./openrouter/ask-plan.ts";
import { type ChatDeps, OpenRouterChat, type Usage } from "./openrouter/chat.ts";
import { promptVersion } from "./openrouter/prompt.ts";
import { checkPlan, type PlanContext } from "./plan/check-plan.ts";
import type { Endpoint } from "./plan/endpoint.ts";
import { rulesPlan } from "./plan/rules-plan.ts";
import { type PrintedModule, printModule } from "./print/module.ts";
import type { Finding, Proof } from "./proof/finding.ts";
import { prove } from "./proof/prove.ts";
import { type TypeCheck, typeCheck } from "./proof/type-check.ts";
import type { Source } from "./source.ts";
import type { ExistingModule } from "./update/existing-module.ts";
import { keepEdits } from "./update/keep-edits.ts";

/** Who names things: the rules alone, or a language model. */
export type Planner = { readonly kind: "rules" } | { readonly kind: "model"; readonly chat: ChatDeps };

export interface GenerateRequest {
  readonly source: Source;
  readonly catalog: Catalog;
  /** From the place of the module; null: the plan may say. */
  readonly id: string | null;
  readonly planner: Planner;
  /** The module that stands there already, whose edits are kept; null: it is written anew. */
  readonly existing: ExistingModule | null;
  /** Day of making, 2026-01-31. */
  readonly date: string;
  readonly toolVersion: string;
  /** Folder that the module will stand in: its packages type-check it. */
  readonly near: string;
  /** Asks a real ComfyUI about the graph; null: none was named. */
  readonly verify: ((printed: PrintedModule, endpoint: Endpoint) => Promise<readonly Finding[]>) | null;
  /** Left out: the compiler is asked about the module by itself. */
  readonly typeCheck?: (text: string) => Promise<TypeCheck>;
}

export interface Generated {
  readonly endpoint: Endpoint;
  readonly printed: PrintedModule;
  readonly proof: Proof;
  /** Null when the rules named things. */
  readonly asked: { readonly model: string; readonly rounds: number; readonly usage: Usage } | null;
  /** With an existing module: what became of its fields. */
  readonly changes: readonly string[];
}

async function plan(request: GenerateRequest): Promise<{ readonly endpoint: Endpoint; readonly asked: Generated["asked"] }> {
  const { source, planner, id } = request;
  const context: PlanContext = { candidates: source.candidates, outputNodes: source.outputNodes, id };
  if (planner.kind === "rules") {
    const checked = checkPlan(rulesPlan(source), context);
    // The rules keep their own plan's rules; if not, that is a fault of this program.
    if ("problems" in checked) throw new Error(`The rules made no valid plan: ${checked.problems.join("; ")}`);
    return { endpoint: checked.endpoint, asked: null };
  }
  const chat = new OpenRouterChat(planner.chat);
  const { endpoint, model, rounds, usage } = await askPlan(chat, compactSubject({ ...source, id }), (answer) => checkPlan(answer, context), planner.chat.onNote);
  return { endpoint, asked: { model, rounds, usage } };
}

/**
 * From a source to a proved module. Nothing is written here, and what did not pass the proof is returned all the same: its text shows
 * what is wrong.
 *
 * @throws {OpenRouterFailure} when the model gives no plan
 * @throws {ComfyuiFailure} when the ComfyUI that is to verify does not answer
 */
export async function generateModule(request: GenerateRequest): Promise<Generated> {
  const { source, catalog, existing, verify } = request;
  const planned = await plan(request);
  const { endpoint, changes } = existing === null ? { endpoint: planned.endpoint, changes: [] } : keepEdits(planned.endpoint, existing, source.graph, source.candidates);
  const { models, modelSources, extra } = source.requirements;
  const printed = printModule({
    endpoint,
    graph: source.graph,
    origin: {
      file: source.file,
      sha256: source.sha256,
      date: request.date,
      model: planned.asked?.model ?? null,
      promptVersion,
      toolVersion: request.toolVersion,
    },
    models,
    modelSources,
    extra,
  });
  const proof = await prove({
    printed,
    endpoint,
    graph: source.graph,
    catalog,
    typeCheck: request.typeCheck ?? ((text) => typeCheck(new Map([["module", text]]), request.near)),
    askComfyui: verify === null ? null : () => verify(printed, endpoint),
  });
  return { endpoint, printed, proof, asked: planned.asked, changes };
}
