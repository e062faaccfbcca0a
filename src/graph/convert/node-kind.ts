import type { Catalog } from "../catalog.ts";
import type { GuiExport, GuiNode } from "./export-model.ts";

/**
 * What a node is to the front end (comfyui-protocol.md §4.4).
 * - `real`: ComfyUI has its class; `unknown`: it may, this catalog does not
 * - `relay`: hands its n-th input on to its n-th output; `setter` and `getter` do so by name
 * - `annotation`: takes no part in a run
 */
export type NodeKind = "real" | "unknown" | "subgraph" | "group" | "primitive" | "relay" | "setter" | "getter" | "annotation";

/** Kinds that only exist in the JavaScript of the front end and of well-known packs. */
const virtualKinds: ReadonlyMap<string, NodeKind> = new Map([
  ["PrimitiveNode", "primitive"],
  ["Reroute", "relay"],
  ["Reroute (rgthree)", "relay"],
  ["SetNode", "setter"],
  ["easy setNode", "setter"],
  ["GetNode", "getter"],
  ["easy getNode", "getter"],
  ["Note", "annotation"],
  ["MarkdownNote", "annotation"],
  ["Note Plus (mtb)", "annotation"],
  ["Note _O", "annotation"],
  ["Label (rgthree)", "annotation"],
  ["Bookmark (rgthree)", "annotation"],
  ["Fast Groups Muter (rgthree)", "annotation"],
  ["Fast Groups Bypasser (rgthree)", "annotation"],
  ["Fast Muter (rgthree)", "annotation"],
  ["Fast Bypasser (rgthree)", "annotation"],
  ["Fast Actions Button (rgthree)", "annotation"],
  ["Node Collector (rgthree)", "annotation"],
  ["Node Combiner (rgthree)", "annotation"],
  ["Mute / Bypass Repeater (rgthree)", "annotation"],
  ["Mute / Bypass Relay (rgthree)", "annotation"],
  ["Random Unmuter (rgthree)", "annotation"],
]);

/** The pack cg-use-everywhere hands values on without links; it may list those it would make in `extra.ue_links`. */
export function isBroadcaster(type: string): boolean {
  return /^(Anything Everywhere[?3]?|Prompts Everywhere|Seed Everywhere)$/.test(type);
}

/** The name under which `extra.groupNodes` defines a group node. */
export function groupNameOf(type: string): string | undefined {
  return /^workflow[>/](.+)$/s.exec(type)?.[1];
}

export function kindOf(node: GuiNode, file: GuiExport, catalog: Catalog): NodeKind {
  if (file.definitions.has(node.type)) return "subgraph";
  const group = groupNameOf(node.type);
  if (group !== undefined && file.groups.has(group)) return "group";
  if (catalog.classes.has(node.type)) return "real";
  const kind = virtualKinds.get(node.type);
  if (kind !== undefined) return kind;
  if (isBroadcaster(node.type)) return "annotation";
  // Without a single slot it can take nothing and give nothing.
  return node.inputs.length === 0 && node.outputs.length === 0 && !Array.isArray(node.values) ? "annotation" : "unknown";
}
