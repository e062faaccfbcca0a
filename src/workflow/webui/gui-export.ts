import { isJsonObject, type JsonObject, type JsonValue } from "../../json/exact.ts";
import { isJsonArray, scalarText } from "../json-value.ts";
import { nodesOfGroups } from "./group-nodes.ts";

/** A change of an export in GUI format, as a person would make it in ComfyUI. */
export type GuiEdit =
  | { readonly kind: "widgets"; readonly nodeId: string; readonly indices: readonly number[]; readonly value: JsonValue }
  | { readonly kind: "mode"; readonly nodeIds: readonly string[]; readonly mode: number }
  | { readonly kind: "save"; readonly nodeId: string; readonly on: boolean }
  | { readonly kind: "lora"; readonly nodeId: string; readonly lora: string; readonly strength: number; readonly on: boolean };

export function guiNodes(gui: JsonObject): readonly JsonObject[] {
  const nodes = gui["nodes"];
  return isJsonArray(nodes) ? nodes.filter(isJsonObject) : [];
}

export function guiNodeId(node: JsonObject): string {
  return scalarText(node["id"]);
}

function withWidgets(node: JsonObject, indices: readonly number[], value: JsonValue): JsonObject {
  const values = node["widgets_values"];
  if (!isJsonArray(values)) return node;
  // The values by name would say something else now, and they come first.
  const { widgets_values_named: _named, ...rest } = node;
  return { ...rest, widgets_values: values.map((each, index) => (indices.includes(index) ? value : each)) };
}

/** rgthree's Power Lora Loader: one object for each LoRA, behind the header and before a spacer and the button. */
function withLora(node: JsonObject, entry: JsonObject): JsonObject {
  const values = isJsonArray(node["widgets_values"]) ? node["widgets_values"] : [];
  const isBefore = (each: JsonValue): boolean => isJsonObject(each) && (each["type"] === "PowerLoraLoaderHeaderWidget" || Object.hasOwn(each, "lora"));
  const at = values.findLastIndex(isBefore) + 1;
  const { widgets_values_named: _named, ...rest } = node;
  return { ...rest, widgets_values: [...values.slice(0, at), entry, ...values.slice(at)] };
}

function withSave(node: JsonObject, on: boolean): JsonObject {
  const values = node["widgets_values"];
  return isJsonObject(values) && Object.hasOwn(values, "save_output") ? { ...node, widgets_values: { ...values, save_output: on } } : node;
}

function editNode(node: JsonObject, edit: GuiEdit, switched: ReadonlySet<string>): JsonObject {
  switch (edit.kind) {
    case "mode":
      return switched.has(guiNodeId(node)) ? { ...node, mode: edit.mode } : node;
    case "widgets":
      return guiNodeId(node) === edit.nodeId ? withWidgets(node, edit.indices, edit.value) : node;
    case "save":
      return guiNodeId(node) === edit.nodeId ? withSave(node, edit.on) : node;
    case "lora":
      return guiNodeId(node) === edit.nodeId ? withLora(node, { on: edit.on, lora: edit.lora, strength: edit.strength, strengthTwo: null }) : node;
  }
}

/** The export with every edit made, in order; the export itself stays as it is. */
export function editGui(gui: JsonObject, edits: readonly GuiEdit[]): JsonObject {
  let nodes = guiNodes(gui);
  for (const edit of edits) {
    const switched = new Set(edit.kind === "mode" ? nodesOfGroups(gui, edit.nodeIds) : []);
    nodes = nodes.map((node) => editNode(node, edit, switched));
  }
  return { ...gui, nodes };
}
