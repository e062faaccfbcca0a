import { isRecord, textOf } from "../catalog/json-shape.ts";
import { webAddress } from "./manager-maps.ts";

type Gui = Readonly<Record<string, unknown>>;

/** What the front end wrote about the pack of a node. */
export interface PackHint {
  readonly cnrId: string | undefined;
  /** `owner/name` on GitHub. */
  readonly auxId: string | undefined;
  readonly version: string | undefined;
}

export interface ModelHint {
  readonly directory: string | undefined;
  readonly url: string | undefined;
  readonly hash: string | undefined;
}

/** What an export in GUI format says of its needs (comfyui-protocol.md §4.2). */
export interface ExportProperties {
  /** By class, different ones in the order they were met. */
  readonly packs: ReadonlyMap<string, readonly PackHint[]>;
  /** By file name without folders, in lower case. */
  readonly models: ReadonlyMap<string, readonly ModelHint[]>;
  /** Classes of nodes that are neither muted nor bypassed nor of the front end alone. */
  readonly classes: readonly string[];
}

/** Drawn by the front end and never sent (comfyui-protocol.md §4.4). */
const virtualClasses: ReadonlySet<string> = new Set([
  "Reroute", "PrimitiveNode", "Note", "MarkdownNote", "SetNode", "GetNode", "easy setNode", "easy getNode", "Reroute (rgthree)", "Label (rgthree)",
  "Bookmark (rgthree)", "Fast Groups Muter (rgthree)", "Fast Groups Bypasser (rgthree)", "Fast Muter (rgthree)", "Fast Bypasser (rgthree)",
  "Node Collector (rgthree)", "Mute / Bypass Repeater (rgthree)", "Mute / Bypass Relay (rgthree)", "Fast Actions Button (rgthree)", "Note Plus (mtb)",
]);
/** More than any workflow has; damage may nest graphs in graphs. */
const maxGraphs = 2_000;

function recordsOf(value: unknown): Gui[] {
  return Array.isArray(value) ? value.filter((member): member is Gui => isRecord(member)) : [];
}

/** The graph itself, its subgraphs and group nodes, however deep. */
function graphsOf(gui: Gui): Gui[] {
  const graphs: Gui[] = [gui];
  for (let at = 0; at < graphs.length && graphs.length < maxGraphs; at += 1) {
    const graph = graphs[at] ?? {};
    const definitions = isRecord(graph["definitions"]) ? recordsOf(graph["definitions"]["subgraphs"]) : [];
    const extra = isRecord(graph["extra"]) ? graph["extra"] : {};
    const groups = isRecord(extra["groupNodes"]) ? Object.values(extra["groupNodes"]) : [];
    graphs.push(...definitions, ...groups.filter((group): group is Gui => isRecord(group)));
  }
  return graphs.slice(0, maxGraphs);
}

export function fileName(path: string): string {
  return path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1);
}

function addTo<Value>(map: Map<string, Value[]>, key: string, value: Value, equal: (other: Value) => boolean): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else if (!list.some((other) => equal(other))) list.push(value);
}

function addModels(models: Map<string, ModelHint[]>, listed: unknown): void {
  for (const model of recordsOf(listed)) {
    const name = textOf(model["name"]);
    if (name === undefined) continue;
    const digest = textOf(model["hash"]);
    const hint: ModelHint = {
      directory: textOf(model["directory"]),
      url: webAddress(model["url"]),
      hash: digest === undefined ? undefined : `${(textOf(model["hash_type"]) ?? "sha256").toLowerCase()}:${digest}`,
    };
    addTo(models, fileName(name).toLowerCase(), hint, (other) => other.url === hint.url && other.directory === hint.directory);
  }
}

function packHint(properties: Gui): PackHint | undefined {
  const cnrId = textOf(properties["cnr_id"]);
  const aux = textOf(properties["aux_id"]);
  const auxId = aux !== undefined && /^[\w.-]+\/[\w.-]+$/.test(aux) ? aux : undefined;
  return cnrId === undefined && auxId === undefined ? undefined : { cnrId, auxId, version: textOf(properties["ver"]) };
}

/** Reads packs, models and classes out of a workflow in GUI format; what is damaged is passed over. */
export function readProperties(gui: Gui | undefined): ExportProperties {
  const packs = new Map<string, PackHint[]>();
  const models = new Map<string, ModelHint[]>();
  const classes = new Set<string>();
  const graphs = gui === undefined ? [] : graphsOf(gui);
  const instances = new Set(graphs.flatMap((graph) => textOf(graph["id"]) ?? []));
  for (const graph of graphs) {
    addModels(models, graph["models"]);
    for (const node of recordsOf(graph["nodes"])) {
      const type = textOf(node["type"]);
      const properties = isRecord(node["properties"]) ? node["properties"] : {};
      addModels(models, properties["models"]);
      if (type === undefined) continue;
      const hint = packHint(properties);
      if (hint !== undefined) addTo(packs, type, hint, (other) => other.cnrId === hint.cnrId && other.auxId === hint.auxId);
      const runs = node["mode"] !== 2 && node["mode"] !== 4;
      if (runs && !virtualClasses.has(type) && !instances.has(type) && !/^workflow[>/]/.test(type)) classes.add(type);
    }
  }
  return { packs, models, classes: [...classes] };
}
