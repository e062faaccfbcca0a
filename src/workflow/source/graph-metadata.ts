import type { Catalog } from "../../graph/catalog.ts";
import { findDependencies } from "../../graph/dependencies/find-dependencies.ts";
import type { Graph } from "../../graph/graph.ts";
import type { JsonObject } from "../../json/exact.ts";
import type { WorkflowMetadata } from "../workflow.ts";

/** An address that a person or a program may follow. */
function isWebAddress(text: string): boolean {
  return /^https?:$/.test(URL.parse(text)?.protocol ?? "");
}

/**
 * What a graph needs in order to run: its classes and models, and under `node_packs` which pack brings each class that
 * is not ComfyUI's own.
 *
 * @param gui the same workflow in GUI format, where addresses of models and names of packs are noted
 */
export function graphMetadata(graph: Graph, catalog: Catalog, gui?: JsonObject): WorkflowMetadata {
  const { nodes, models } = findDependencies(graph, { catalog, gui });
  const sources = models.flatMap(({ name, url }): [string, string][] => (url !== null && isWebAddress(url) ? [[name, url]] : []));
  const packs = nodes.flatMap(({ class_type: className, pack }): [string, string][] => (pack === null ? [] : [[className, pack.id]]));
  return {
    requiredNodes: nodes.map(({ class_type: className }) => className).sort(),
    requiredModels: [...new Set(models.map(({ name }) => name))],
    modelSources: Object.fromEntries(sources),
    ...(packs.length === 0 ? {} : { node_packs: Object.fromEntries(packs) }),
  };
}

/** A line for an author who has written none: `qwen/base_txt2img` → `Base txt2img`. */
export function summaryOf(id: string): string {
  const name = (id.split("/").at(-1) ?? id).replace(/[_.-]+/g, " ").trim();
  return name === "" ? id : name.charAt(0).toUpperCase() + name.slice(1);
}

/** What there is to say of a graph that nobody has described. */
export function descriptionOf(id: string, { requiredNodes, requiredModels }: WorkflowMetadata): string {
  const models = requiredModels.length === 0 ? "" : ` Needs ${requiredModels.join(", ")}.`;
  return `The ComfyUI workflow ${id}, of ${requiredNodes.length} kinds of node.${models}`;
}
