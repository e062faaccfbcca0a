import { AppError } from "../errors/app-error.ts";
import type { WorkflowRegistry } from "../workflow/registry.ts";
import type { Workflow } from "../workflow/workflow.ts";

/** @throws {AppError} `workflow_not_found`; a broken one is told from one that never was */
export function findWorkflow(workflows: WorkflowRegistry, id: string): Workflow {
  const found = workflows.find(id);
  if (found !== undefined) return found;
  const broken = workflows.broken().find((each) => each.id === id);
  const name = id.slice(0, 200);
  throw new AppError(
    "workflow_not_found",
    broken === undefined
      ? `There is no workflow ${name}. GET /v1/workflows lists those there are.`
      : `The workflow ${name} does not load. GET /v1/workflows says why.`,
  );
}
