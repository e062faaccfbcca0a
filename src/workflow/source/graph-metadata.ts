import type { Catalog } from "../../graph/catalog.ts";
import type { Graph } from "../../graph/graph.ts";
import type { JsonObject } from "../../json/exact.ts";
import type { WorkflowMetadata } from "../workflow.ts";

/** What a graph needs in order to run. */
export function graphMetadata(graph: Graph, _catalog?: Catalog, _gui?: JsonObject): WorkflowMetadata {
  const requiredNodes = [...new Set(Object.values(graph).map((node) => node.class_type))].sort();
  return { requiredNodes, requiredModels: [], modelSources: {} };
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
