import { AppError } from "../errors/app-error.ts";
import { parseGraph, type Graph } from "../graph/graph.ts";
import type { JsonObject } from "../json/exact.ts";
import { buildWorkflow, workflowFailed } from "./built-workflow.ts";
import { readModule, type WorkflowModule } from "./module-contract.ts";
import type { Workflow } from "./workflow.ts";

export type ModuleResult = { readonly workflow: Workflow } | { readonly problems: readonly string[] };

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function isThenable(value: unknown): boolean {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}

function generate(id: string, module: WorkflowModule, inputs: JsonObject): Graph {
  let graph: unknown;
  try {
    // A copy: a module that changes its input must not change what the job records.
    graph = module.generateWorkflow(structuredClone(inputs));
  } catch (error) {
    throw workflowFailed(id, "failed while it made its graph. The log has the cause.", error);
  }
  if (isThenable(graph)) {
    // Nobody waits for it; its failure must not end the process.
    void Promise.resolve(graph).catch(() => undefined);
    throw workflowFailed(id, "returned a promise: generateWorkflow must not be async.");
  }
  try {
    return parseGraph(graph);
  } catch (error) {
    const fault = error instanceof AppError ? error.errors[0] : undefined;
    throw workflowFailed(id, `made no valid graph${fault === undefined ? "." : `: ${fault.message}${fault.pointer === "" ? "" : ` (at ${fault.pointer})`}.`}`, error);
  }
}

/**
 * A workflow made of a module's exports (docs/workflows.md), or everything that keeps it from being one, each a
 * sentence for its author.
 */
export function workflowFromModule(id: string, exports: unknown): ModuleResult {
  const read = readModule(exports);
  if ("problems" in read) return read;
  const { module } = read;
  const { RequestSchema: schema, summary, description, metadata } = module;
  try {
    const workflow = buildWorkflow(id, { schema, summary, description, metadata, generate: (inputs) => generate(id, module, inputs) });
    // The author's schema: what is wrong with it is said now, and not to the first caller.
    return workflow.inputSchema["properties"] === undefined ? { problems: ["RequestSchema has no fields"] } : { workflow };
  } catch (error) {
    return { problems: [`RequestSchema cannot be described to callers: ${messageOf(error)}`] };
  }
}
