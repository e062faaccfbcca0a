import type { JsonValue } from "../../json/exact.ts";
import { isRecord } from "../catalog/json-shape.ts";
import type { Candidate } from "./candidate.ts";
import type { GraphInput } from "./parameter.ts";
import { slug } from "./parameter-name.ts";
import type { Wiring } from "./wiring.ts";

type Gui = Readonly<Record<string, unknown>>;

/** Subgraphs in subgraphs: as deep as comfyui-protocol.md §4.5 nests ids, and no cycle. */
const maxDepth = 16;

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function recordsOf(value: unknown): Gui[] {
  return Array.isArray(value) ? value.filter((member): member is Gui => isRecord(member)) : [];
}

function definitionsOf(gui: Gui): Gui[] {
  const own = isRecord(gui["definitions"]) ? recordsOf(gui["definitions"]["subgraphs"]) : [];
  return own.slice(0, 1_000);
}

function idOf(value: unknown): string {
  return typeof value === "string" || typeof value === "number" || typeof value === "bigint" ? String(value) : "";
}

/** The inner input that a promoted widget of a subgraph's instance stands for (comfyui-protocol.md §4.5). */
function promoted(instance: Gui, definition: Gui, widget: string): GraphInput | undefined {
  const properties = isRecord(instance["properties"]) ? instance["properties"] : {};
  for (const proxy of listOf(properties["proxyWidgets"])) {
    const [nodeId, name] = listOf(proxy);
    if (idOf(nodeId) !== "-1" && typeof name === "string" && (name === widget || `${idOf(nodeId)}: ${name}` === widget)) {
      return { nodeId: idOf(nodeId), input: name };
    }
  }
  const slot = recordsOf(definition["inputs"]).findIndex((input) => input["name"] === widget || input["label"] === widget);
  const link = slot === -1 ? undefined : recordsOf(definition["links"]).find((candidate) => idOf(candidate["origin_id"]) === "-10" && Number(candidate["origin_slot"]) === slot);
  const target = recordsOf(definition["nodes"]).find((node) => idOf(node["id"]) === idOf(link?.["target_id"]));
  const input = target === undefined ? undefined : recordsOf(target["inputs"])[Number(link?.["target_slot"])];
  return typeof input?.["name"] === "string" ? { nodeId: idOf(target?.["id"]), input: input["name"] } : undefined;
}

interface Place {
  /** Ids of the instances above, joined by `:` as in the graph. */
  readonly path: string;
  readonly graph: Gui;
}

/** Every graph of the workflow with each of its places: a subgraph has one for each instance. */
function places(gui: Gui): { readonly definitions: ReadonlyMap<string, Gui>; readonly all: readonly Place[] } {
  const definitions = new Map<string, Gui>();
  const unread = [gui];
  for (let next = unread.pop(); next !== undefined && definitions.size < 1_000; next = unread.pop()) {
    for (const definition of definitionsOf(next)) {
      if (definitions.has(idOf(definition["id"]))) continue;
      definitions.set(idOf(definition["id"]), definition);
      unread.push(definition);
    }
  }
  const all: Place[] = [{ path: "", graph: gui }];
  for (let at = 0; at < all.length && all.length < 10_000; at += 1) {
    const place = all[at];
    if (place === undefined || place.path.split(":").length > maxDepth) continue;
    for (const node of recordsOf(place.graph["nodes"])) {
      const definition = definitions.get(idOf(node["type"]));
      if (definition !== undefined) all.push({ path: `${place.path}${idOf(node["id"])}:`, graph: definition });
    }
  }
  return { definitions, all };
}

/** Follows promoted widgets down to the input of a node that the graph has. */
function resolve(start: Place, nodeId: string, widget: string, definitions: ReadonlyMap<string, Gui>): GraphInput | undefined {
  let place = start;
  let target: GraphInput = { nodeId, input: widget };
  for (let depth = 0; depth < maxDepth; depth += 1) {
    const node = recordsOf(place.graph["nodes"]).find((candidate) => idOf(candidate["id"]) === target.nodeId);
    const definition = node === undefined ? undefined : definitions.get(idOf(node["type"]));
    if (node === undefined || definition === undefined) return { nodeId: place.path + target.nodeId, input: target.input };
    const inner = promoted(node, definition, target.input);
    if (inner === undefined) return undefined;
    place = { path: `${place.path}${target.nodeId}:`, graph: definition };
    target = inner;
  }
  return undefined;
}

/**
 * The inputs an author chose in App Mode: `extra.linearData.inputs`, a list of `[node id, widget, options?]`. Newer front
 * ends write `graph id:node id:widget` for the node id.
 */
export function findAppMode(wiring: Wiring, gui: Readonly<Record<string, JsonValue | undefined>> | undefined): Candidate[] {
  const extra = gui?.["extra"];
  const linear = isRecord(extra) ? extra["linearData"] : undefined;
  const entries = isRecord(linear) ? listOf(linear["inputs"]) : [];
  if (gui === undefined || entries.length === 0) return [];
  const { definitions, all } = places(gui);
  const resolved = entries.slice(0, 1_000).flatMap((entry) => {
    const [rawId, widget] = listOf(entry);
    if (typeof widget !== "string") return [];
    const parts = idOf(rawId).split(":");
    const inside = parts.length > 1 ? all.filter((place) => idOf(place.graph["id"]) === parts[0]) : [];
    const start = inside[0] ?? all[0];
    const nodeId = inside.length === 0 ? idOf(rawId) : (parts[1] ?? "");
    if (start === undefined) return [];
    // A path of the graph itself needs no resolving.
    const target = wiring.node(nodeId) === undefined || inside.length > 0 ? resolve(start, nodeId, widget, definitions) : { nodeId, input: widget };
    return target === undefined ? [] : [{ target, widget }];
  });
  return resolved.map(({ target, widget }): Candidate => {
    return { role: "other", source: "app_mode", name: slug(widget) ?? slug(target.input) ?? "input", target };
  });
}
