import { AppError } from "../errors/app-error.ts";
import type { Catalog } from "../graph/catalog.ts";
import type { Graph } from "../graph/graph.ts";
import type { DiscoveredWorkflows } from "../workflow/discover.ts";
import { prepareRun } from "../workflow/prepare.ts";
import type { Workflow } from "../workflow/workflow.ts";
import type { Finding } from "./finding.ts";
import type { ManagerKnowledge } from "./pack-knowledge.ts";
import { workflowGaps } from "./workflow-gaps.ts";

/** What workflows are compared with. */
export interface HostKnowledge {
  /** null when nothing is known of the host's ComfyUI. */
  readonly catalog: Catalog | null;
  /** Why nothing is, for people. */
  readonly whyUnknown: string;
  readonly manager: ManagerKnowledge;
}

/** Stands for a file that a caller would send. */
const someFile = { fileId: "doctor", name: "doctor.png" };

/**
 * Whether each workflow can run on this host.
 *
 * @param dir the operator's folder of workflows
 */
export async function lookAtWorkflows(found: DiscoveredWorkflows, host: HostKnowledge, dir: string | null): Promise<readonly Finding[]> {
  const broken = found.broken.map(
    ({ id, file, message }): Finding =>
      file === "."
        ? { area: "workflow", status: "failure", message: `Your own workflows in ${dir ?? "."} are not served: ${message}`, fix: "Make the folder, let the gateway's user read it, or name another with --workflows-dir" }
        : { area: "workflow", subject: id, status: "failure", message, fix: "Correct the file: `comfyui-api workflows check` tells more" },
  );
  const findings = await Promise.all(found.workflows.map((workflow) => lookAt(workflow, host)));
  return [...findings.flat(), ...broken];
}

async function lookAt(workflow: Workflow, { catalog, whyUnknown, manager }: HostKnowledge): Promise<readonly Finding[]> {
  const made = await exampleGraph(workflow);
  const noGraph: readonly Finding[] = "reason" in made ? [{ area: "workflow", subject: workflow.id, status: "warning", message: `its example makes no graph, so that only its metadata was looked at: ${made.reason}` }] : [];
  if (catalog === null) return [...noGraph, { area: "workflow", subject: workflow.id, status: "skipped", message: `what it needs was not compared with the host: ${whyUnknown}` }];
  const gaps = workflowGaps({ workflow, graph: "graph" in made ? made.graph : null, catalog, manager });
  if (gaps.length > 0) return [...noGraph, ...gaps];
  const { requiredNodes, requiredModels } = workflow.metadata;
  return [...noGraph, { area: "workflow", subject: workflow.id, status: "ok", message: `can run: ${requiredNodes.length} node classes and ${requiredModels.length} model files are there` }];
}

async function exampleGraph(workflow: Workflow): Promise<{ readonly graph: Graph } | { readonly reason: string }> {
  try {
    const { graph } = await prepareRun(workflow, workflow.example, { resolveFile: () => Promise.resolve(someFile), drawSeed: () => 1 });
    return { graph };
  } catch (error) {
    if (error instanceof AppError) return { reason: error.detail };
    throw error;
  }
}
