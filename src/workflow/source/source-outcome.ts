import type { Workflow } from "../workflow.ts";
import type { SourceProblem } from "./source-problem.ts";

/** What became of a file of any kind. */
export interface SourceOutcome {
  /** Null when there are problems. */
  readonly workflow: Workflow | null;
  readonly problems: readonly SourceProblem[];
  /** What its author had better know, although the workflow works. */
  readonly notes: readonly SourceProblem[];
}

export function failedWith(...problems: readonly SourceProblem[]): SourceOutcome {
  return { workflow: null, problems, notes: [] };
}
