import { AppError } from "../errors/app-error.ts";
import { traceOrigins } from "./origins.ts";
import type { Workflow } from "./workflow.ts";

/**
 * Which inputs of the graph each top-level field sets, as `node/input`, found by trying. Fields that set nothing, or
 * nothing that shows with the workflow's example, are not there.
 */
export function fieldSets(workflow: Workflow): ReadonlyMap<string, readonly string[]> {
  const seeds = Object.fromEntries(workflow.seedFields.map((field) => [field, 1]));
  const sets = new Map<string, string[]>();
  try {
    const inputs = { ...seeds, ...workflow.parse({ ...workflow.example, ...seeds }) };
    for (const [place, pointer] of Object.entries(traceOrigins(workflow, inputs, workflow.generate(inputs)))) {
      const field = (pointer.split("/")[1] ?? "").replaceAll("~1", "/").replaceAll("~0", "~");
      sets.set(field, [...(sets.get(field) ?? []), place]);
    }
  } catch (error) {
    // A module may refuse its own example; what its fields set is then not to be seen from outside.
    if (!(error instanceof AppError)) throw error;
  }
  return sets;
}
