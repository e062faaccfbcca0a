import { hostModules } from "./host-modules.ts";
import { ModuleLoader } from "./module-loader.ts";
import { workflowFromModule } from "./module-source.ts";
import type { WorkflowSet } from "./registry.ts";
import { walkWorkflows } from "./walk.ts";
import type { BrokenWorkflow, Workflow } from "./workflow.ts";

export interface DiscoverOptions {
  /** Those inside the executable: id and the module's exports. */
  readonly builtins: readonly { readonly id: string; readonly module: unknown }[];
  /** The operator's folder of workflows. */
  readonly dir?: string;
}

export interface DiscoveredWorkflows extends WorkflowSet {
  /** Ids of built-in workflows that a file in the folder stands in for. */
  readonly shadowed: readonly string[];
}

type Found = { readonly id: string; readonly workflow: Workflow } | { readonly id: string; readonly broken: BrokenWorkflow };

function found(id: string, file: string, exports: unknown): Found {
  const result = workflowFromModule(id, exports);
  if ("workflow" in result) return { id, workflow: result.workflow };
  return { id, broken: { id, file, line: null, column: null, message: `${file}: ${result.problems.join("; ")}` } };
}

/**
 * Reads every workflow, built in and in the folder, anew each time. Nothing is thrown for a file that is no
 * workflow: it is listed as broken, and the others stand. A file that replaces a built-in workflow replaces it also
 * when it is broken, for its author did not mean the built-in graph.
 */
export async function discoverWorkflows(options: DiscoverOptions): Promise<DiscoveredWorkflows> {
  const builtins = options.builtins.map(({ id, module }) => found(id, `${id}.ts`, module));
  const walk = options.dir === undefined ? { files: [], broken: [] } : await walkWorkflows(options.dir);
  const loader = new ModuleLoader(options.dir ?? ".", hostModules());
  const own = walk.files.map(({ id, file }): Found => {
    const loaded = loader.load(file);
    return "exports" in loaded ? found(id, file, loaded.exports) : { id, broken: { id, file, ...loaded.failure } };
  });
  const taken = new Set([...own.map(({ id }) => id), ...walk.broken.map(({ id }) => id)]);
  const all = [...builtins.filter(({ id }) => !taken.has(id)), ...own];
  return {
    workflows: all.flatMap((each) => ("workflow" in each ? [each.workflow] : [])),
    broken: [...all.flatMap((each) => ("broken" in each ? [each.broken] : [])), ...walk.broken],
    shadowed: builtins.map(({ id }) => id).filter((id) => taken.has(id)),
  };
}
