import type { Catalog } from "../graph/catalog.ts";
import { WorkflowDiscovery } from "./discovery.ts";
import type { WorkflowSet } from "./registry.ts";
import type { BrokenWorkflow } from "./workflow.ts";

export interface DiscoverOptions {
  /** Those inside the executable: id and the module's exports. */
  readonly builtins: readonly { readonly id: string; readonly module: unknown }[];
  /** The operator's folder of workflows. */
  readonly dir?: string;
  /** What exports are read with. Left out: a catalog of nothing, with which only modules and graphs in API format work. */
  readonly catalog?: Catalog;
}

export interface DiscoveredWorkflows extends WorkflowSet {
  /** Ids of built-in workflows that a file in the folder stands in for. */
  readonly shadowed: readonly string[];
  /** What an author had better know of a file that works, or of one that belongs to no workflow. */
  readonly notes: readonly BrokenWorkflow[];
}

/** Reads every workflow once; see {@link WorkflowDiscovery}. */
export function discoverWorkflows({ builtins, dir, catalog }: DiscoverOptions): Promise<DiscoveredWorkflows> {
  const discovery = new WorkflowDiscovery({ builtins, ...(dir === undefined ? {} : { dir }) });
  return discovery.discover(catalog ?? { classes: new Map() });
}
