import type { Catalog } from "../../graph/catalog.ts";
import { isLink, type Graph } from "../../graph/graph.ts";
import type { GraphInput } from "../../graph/parameters/parameter.ts";
import { isJsonObject, type JsonObject } from "../../json/exact.ts";
import { findInput } from "../field/find-input.ts";
import { isJsonArray, scalarText } from "../json-value.ts";
import { nearestName } from "../../errors/nearest-name.ts";
import { guiNodeId, guiNodes } from "./gui-export.ts";
import { nodesOfGroups } from "./group-nodes.ts";
import type { Mapping, WrapperInput } from "./wrapper-shape.ts";

/** What an input changes: in the export before it becomes a graph, or in the graph. */
export type Target =
  | { readonly kind: "widgets"; readonly nodeIds: readonly string[]; readonly indices: readonly number[] }
  | { readonly kind: "mode"; readonly nodeIds: readonly string[]; readonly enabledMode: number; readonly disabledMode: number; readonly saveNodeId: string | null }
  | { readonly kind: "loras"; readonly high: string; readonly low: string }
  | { readonly kind: "inputs"; readonly inputs: readonly GraphInput[] }
  | { readonly kind: "pair"; readonly high: GraphInput; readonly low: GraphInput };

export type Resolved = { readonly target: Target; readonly notes: readonly string[] } | { readonly problem: string };

/** The export that a wrapper changes. */
export interface WrappedExport {
  readonly graph: Graph;
  /** Null for an export in API format. */
  readonly gui: JsonObject | null;
  readonly catalog: Catalog;
}

const needsGui = "is possible only with an export in GUI format (“Save”), and this one is in API format";
const modelInputs = ["unet_name", "ckpt_name", "model_name", "lora_name", "model"];

function idsOf({ node_id: one, node_ids: many }: Pick<WrapperInput, "node_id" | "node_ids">): readonly string[] {
  return [...(one === undefined ? [] : [one]), ...(many ?? [])];
}

export class TargetFinder {
  readonly #export: WrappedExport;
  readonly #guiNodes: ReadonlyMap<string, JsonObject>;

  constructor(wrapped: WrappedExport) {
    this.#export = wrapped;
    this.#guiNodes = new Map(wrapped.gui === null ? [] : guiNodes(wrapped.gui).map((node) => [guiNodeId(node), node]));
  }

  /** As the section `node_mapping` says it. */
  byMapping(input: WrapperInput, mapping: Mapping): Resolved {
    if (mapping.action_type === "add_lora_pair") {
      if (input.type !== "high_low_pair_lora_list") return { problem: `add_lora_pair is for an input of type high_low_pair_lora_list, and this is a ${input.type}` };
      return this.#loras(mapping.high_node_id, mapping.low_node_id);
    }
    const nodeIds = idsOf(mapping);
    if (nodeIds.length === 0) return { problem: "the mapping names no node: it needs node_id or node_ids" };
    if (mapping.action_type === "toggle_node_mode") {
      if (input.type !== "node_mode_toggle" && input.type !== "checkbox") return { problem: `toggle_node_mode is for an input of type node_mode_toggle or checkbox, and this is a ${input.type}` };
      const { enabled_mode: enabledMode, disabled_mode: disabledMode, save_node_id: saveNodeId = null } = mapping;
      return this.#modes({ kind: "mode", nodeIds, enabledMode, disabledMode, saveNodeId });
    }
    if (input.type === "node_mode_toggle" || input.type === "high_low_pair_lora_list") return { problem: `${mapping.action_type} cannot set a ${input.type}` };
    return this.#widgets(nodeIds, mapping.widget_indices, mapping.node_type);
  }

  /** As older files say it, with the input itself: `node_id` and `field`. */
  byFields(input: WrapperInput): Resolved {
    const nodeIds = idsOf(input);
    const [first = "", second] = nodeIds;
    if (input.type === "high_low_pair_lora_list") return second === undefined ? { problem: "needs two node_ids, of high and low noise" } : this.#loras(first, second);
    if (input.type === "high_low_pair_model") return second === undefined ? { problem: "needs two node_ids, of high and low noise" } : this.#pair(first, second, input.field);
    const fields = [...(input.field === undefined ? [] : [input.field]), ...(input.fields ?? [])];
    if (fields.length > 0) return this.#inputs(nodeIds, fields);
    if (input.type !== "checkbox" && input.type !== "node_mode_toggle") return { problem: "needs field or fields, the inputs of its node" };
    return this.#modes({ kind: "mode", nodeIds, enabledMode: 0, disabledMode: 4, saveNodeId: null });
  }

  #missing(nodeId: string): string | null {
    if (this.#guiNodes.has(nodeId) || Object.hasOwn(this.#export.graph, nodeId)) return null;
    return `the export has no node ${nodeId}`;
  }

  #widgets(nodeIds: readonly string[], indices: readonly number[], type: string | undefined): Resolved {
    if (this.#export.gui === null) return { problem: `setting widget_indices ${needsGui}; name field or fields instead` };
    const notes: string[] = [];
    for (const nodeId of nodeIds) {
      const node = this.#guiNodes.get(nodeId);
      if (node === undefined) return { problem: `the export has no node ${nodeId}` };
      const values = node["widgets_values"];
      if (!isJsonArray(values)) return { problem: `node ${nodeId} (${scalarText(node["type"])}) has no list of widgets_values to count in` };
      const beyond = indices.find((index) => index >= values.length);
      if (beyond !== undefined) return { problem: `node ${nodeId} (${scalarText(node["type"])}) has ${values.length} widgets_values, and none at ${beyond}` };
      if (type !== undefined && type !== node["type"]) notes.push(`node ${nodeId} is a ${scalarText(node["type"])}, and not a ${type} as the wrapper says`);
    }
    return { target: { kind: "widgets", nodeIds, indices }, notes };
  }

  #modes(target: Extract<Target, { kind: "mode" }>): Resolved {
    const { gui } = this.#export;
    if (gui === null) return { problem: `switching nodes on and off ${needsGui}` };
    const missing = [...target.nodeIds, ...(target.saveNodeId === null ? [] : [target.saveNodeId])].find((nodeId) => !this.#guiNodes.has(nodeId));
    if (missing !== undefined) return { problem: `the export has no node ${missing}` };
    if (nodesOfGroups(gui, target.nodeIds).length === 0) return { problem: `node ${target.nodeIds.join(", ")} switches groups, and none of the export's has its title` };
    return { target, notes: [] };
  }

  #loras(high: string, low: string): Resolved {
    const missing = this.#missing(high) ?? this.#missing(low);
    if (missing !== null) return { problem: missing };
    for (const nodeId of [high, low]) {
      const type = this.#guiNodes.get(nodeId)?.["type"] ?? this.#export.graph[nodeId]?.class_type;
      if (type !== "Power Lora Loader (rgthree)") return { problem: `node ${nodeId} is a ${scalarText(type)}: LoRAs can be added to a Power Lora Loader (rgthree) only` };
    }
    return { target: { kind: "loras", high, low }, notes: [] };
  }

  #pair(high: string, low: string, field: string | undefined): Resolved {
    const missing = this.#missing(high) ?? this.#missing(low);
    if (missing !== null) return { problem: missing };
    const inputOf = (nodeId: string): string => field ?? modelInputs.find((name) => this.#has(nodeId, name)) ?? "unet_name";
    const inputs = [high, low].map((nodeId) => ({ nodeId, input: inputOf(nodeId) }));
    const fault = inputs.map(({ nodeId, input }) => this.#fieldFault(nodeId, input)).find((each) => each !== null);
    if (fault !== undefined) return { problem: fault };
    return { target: { kind: "pair", high: { nodeId: high, input: inputOf(high) }, low: { nodeId: low, input: inputOf(low) } }, notes: [] };
  }

  #inputs(nodeIds: readonly string[], fields: readonly string[]): Resolved {
    const inputs = nodeIds.flatMap((nodeId) => fields.map((input) => ({ nodeId, input })));
    // Of several nodes, one may take its value from another of them: only what is no input of any is a mistake.
    const faults = inputs.map(({ nodeId, input }) => this.#missing(nodeId) ?? this.#fieldFault(nodeId, input));
    const fault = faults.find((each) => each !== null);
    return fault === undefined ? { target: { kind: "inputs", inputs }, notes: [] } : { problem: fault };
  }

  #has(nodeId: string, name: string): boolean {
    const node = this.#export.graph[nodeId];
    if (node === undefined) return false;
    return Object.hasOwn(node.inputs, name) || findInput(this.#export.catalog, node.class_type, name) !== undefined;
  }

  /** A node that is switched off is not in the graph, and its inputs are not known. */
  #fieldFault(nodeId: string, field: string): string | null {
    const node = this.#export.graph[nodeId];
    if (node === undefined || this.#has(nodeId, field)) return null;
    const [head = "", ...rest] = field.split(".");
    const value = node.inputs[head];
    if (rest.length > 0 && isJsonObject(value) && !isLink(value)) return null;
    const names = Object.keys(node.inputs);
    const nearest = nearestName(field, names);
    return `node ${nodeId} (${node.class_type}) has no input ${field}${nearest === null ? `; it has ${names.join(", ")}` : `; did you mean ${nearest}?`}`;
  }
}
