import { AppError } from "../../errors/app-error.ts";
import type { JsonObject, JsonValue } from "../../json/exact.ts";
import { isShallowJson } from "../catalog/json-shape.ts";
import type { BroadcastLink, GuiExport, GuiGraph, GuiInput, GuiLink, GuiNode, GuiOutput, SubgraphDefinition, SubgraphSlot } from "./export-model.ts";

/** Ids that the front end gives to the two ends of a subgraph when the file does not. */
const defaultInputNodeId = "-10";
const defaultOutputNodeId = "-20";

export function objectOf(value: JsonValue | undefined): JsonObject | undefined {
  return typeof value === "object" && value !== null && !isList(value) ? value : undefined;
}

export function isList(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}

export function listOf(value: JsonValue | undefined): readonly JsonValue[] {
  return isList(value) ? value : [];
}

function textOf(value: JsonValue | undefined): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** Ids are numbers or text; one and the same id may be written both ways. */
export function idOf(value: JsonValue | undefined): string | undefined {
  if (typeof value === "string") return value === "" ? undefined : value;
  return typeof value === "number" || typeof value === "bigint" ? String(value) : undefined;
}

/** Slots are sometimes written as text. */
export function slotOf(value: JsonValue | undefined): number | undefined {
  const slot = typeof value === "string" && value !== "" ? Number(value) : value;
  return typeof slot === "number" && Number.isSafeInteger(slot) && slot >= 0 ? slot : undefined;
}

function typeOf(value: JsonValue | undefined): string {
  if (isList(value)) return "COMBO";
  return typeof value === "string" && value !== "" ? value : "*";
}

function readInput(value: JsonValue): GuiInput {
  const input = objectOf(value) ?? {};
  return {
    name: textOf(input["name"]) ?? "",
    type: typeOf(input["type"]),
    link: idOf(input["link"]),
    widget: textOf(objectOf(input["widget"])?.["name"]),
  };
}

function readOutput(value: JsonValue): GuiOutput {
  const output = objectOf(value) ?? {};
  return { name: textOf(output["name"]) ?? "", type: typeOf(output["type"]) };
}

/** `undefined` when it has no type, without which nothing is known of it. */
export function readNode(value: JsonValue, fallbackId?: string): GuiNode | undefined {
  const node = objectOf(value);
  const id = node === undefined ? undefined : (idOf(node["id"]) ?? fallbackId);
  const type = node === undefined ? undefined : textOf(node["type"]);
  if (node === undefined || id === undefined || type === undefined || type === "") return undefined;
  const values = node["widgets_values"];
  return {
    id,
    type,
    title: textOf(node["title"]),
    mode: slotOf(node["mode"]) ?? 0,
    inputs: listOf(node["inputs"]).map(readInput),
    outputs: listOf(node["outputs"]).map(readOutput),
    values: isList(values) ? values : objectOf(values),
    namedValues: objectOf(node["widgets_values_named"]),
    properties: objectOf(node["properties"]) ?? {},
  };
}

/** Either form: `[id, origin, slot, target, slot, type]`, or an object with names. */
function readLink(value: JsonValue): GuiLink | undefined {
  const named = objectOf(value);
  const list = named === undefined ? listOf(value) : [named["id"], named["origin_id"], named["origin_slot"], named["target_id"], named["target_slot"], named["type"]];
  const [id, originId, targetId] = [idOf(list[0]), idOf(list[1]), idOf(list[3])];
  const [originSlot, targetSlot] = [slotOf(list[2]), slotOf(list[4])];
  if (id === undefined || originId === undefined || targetId === undefined || originSlot === undefined) return undefined;
  // A link into a subgraph's new, empty slot is saved with a target slot that is none; the target itself names the link.
  return { id, originId, originSlot, targetId, targetSlot: targetSlot ?? 0, type: typeOf(list[5]) };
}

export function graphOf(nodes: readonly GuiNode[], links: readonly GuiLink[]): GuiGraph {
  const nodeById = new Map<string, GuiNode>();
  // The front end keeps the first of two nodes with one id.
  for (const node of nodes) if (!nodeById.has(node.id)) nodeById.set(node.id, node);
  return { nodes: [...nodeById.values()], nodeById, links: new Map(links.map((link) => [link.id, link])) };
}

function readGraph(value: JsonObject): GuiGraph {
  const nodes = listOf(value["nodes"]).flatMap((node) => readNode(node) ?? []);
  const links = listOf(value["links"]).flatMap((link) => readLink(link) ?? []);
  return graphOf(nodes, links);
}

function readSlots(value: JsonValue | undefined): SubgraphSlot[] {
  return listOf(value).map((entry) => {
    const slot = objectOf(entry) ?? {};
    return { name: textOf(slot["name"]) ?? "", type: typeOf(slot["type"]) };
  });
}

/** Definitions may stand in definitions; all of them are found by id. */
function readDefinitions(file: JsonObject): Map<string, SubgraphDefinition> {
  const found = new Map<string, SubgraphDefinition>();
  const open: JsonObject[] = [file];
  for (let holder = open.pop(); holder !== undefined; holder = open.pop()) {
    for (const entry of listOf(objectOf(holder["definitions"])?.["subgraphs"])) {
      const subgraph = objectOf(entry);
      const id = idOf(subgraph?.["id"]);
      if (subgraph === undefined || id === undefined || found.has(id)) continue;
      open.push(subgraph);
      found.set(id, {
        id,
        name: textOf(subgraph["name"]) ?? id,
        graph: readGraph(subgraph),
        inputNodeId: idOf(objectOf(subgraph["inputNode"])?.["id"]) ?? defaultInputNodeId,
        outputNodeId: idOf(objectOf(subgraph["outputNode"])?.["id"]) ?? defaultOutputNodeId,
        inputs: readSlots(subgraph["inputs"]),
        outputs: readSlots(subgraph["outputs"]),
      });
    }
  }
  return found;
}

function readBroadcasts(extra: JsonObject): BroadcastLink[] {
  return listOf(extra["ue_links"]).flatMap((entry) => {
    const link = objectOf(entry) ?? {};
    const [originId, targetId] = [idOf(link["upstream"]), idOf(link["downstream"])];
    const [originSlot, targetSlot] = [slotOf(link["upstream_slot"]), slotOf(link["downstream_slot"])];
    if (originId === undefined || targetId === undefined || originSlot === undefined || targetSlot === undefined) return [];
    return [{ originId, originSlot, targetId, targetSlot, type: typeOf(link["type"]) }];
  });
}

/**
 * Reads a GUI-format export of any version (comfyui-protocol.md §4.2). Entries that make no sense are left out, as the
 * front end does when it loads one.
 *
 * @throws {AppError} `invalid_export` when `value` is not such an export at all
 */
export function readExport(value: unknown): GuiExport {
  if (!isShallowJson(value)) throw new AppError("invalid_export", "The export is not JSON, or it is nested deeper than any workflow is.");
  const file = objectOf(value);
  if (file === undefined || !isList(file["nodes"])) {
    throw new AppError("invalid_export", "This is not a workflow in ComfyUI's GUI format: it has no list of nodes.");
  }
  const root = readGraph(file);
  if (root.nodes.length === 0) throw new AppError("invalid_export", "The workflow has no nodes.");
  const extra = objectOf(file["extra"]) ?? {};
  const groups = Object.entries(objectOf(extra["groupNodes"]) ?? {}).flatMap(([name, group]) => {
    const data = objectOf(group);
    return data === undefined ? [] : [[name, data] as const];
  });
  return { root, definitions: readDefinitions(file), groups: new Map(groups), broadcastLinks: readBroadcasts(extra) };
}
