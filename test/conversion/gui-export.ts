import { coreCatalog } from "../../src/graph/core-catalog.ts";
import { parseCatalog, type Catalog } from "../../src/graph/catalog.ts";
import { convertExport, type Conversion, type ConversionOptions } from "../../src/graph/convert/convert-export.ts";
import type { JsonValue } from "../../src/json/exact.ts";

/** `name: type`, `name: type <- link`, or the same with `(widget)` behind the name. */
export type SlotText = string;

export interface NodeParts {
  readonly values?: unknown;
  readonly named?: Readonly<Record<string, unknown>>;
  readonly in?: readonly SlotText[];
  readonly out?: readonly string[];
  readonly mode?: number;
  readonly title?: string;
  readonly properties?: Readonly<Record<string, unknown>>;
}

function slot(text: SlotText): object {
  const parts = /^(.*?)( \(widget\))?: (\S+)(?: <- (\d+))?$/.exec(text);
  if (parts === null) throw new Error(`not a slot: ${text}`);
  const [, name, widget, type, link] = parts;
  return { name, type, link: link === undefined ? null : Number(link), ...(widget === undefined ? {} : { widget: { name } }) };
}

/** A node of a GUI export. */
export function node(id: number | string, type: string, parts: NodeParts = {}): object {
  return {
    id,
    type,
    mode: parts.mode ?? 0,
    inputs: (parts.in ?? []).map(slot),
    outputs: (parts.out ?? []).map((name) => ({ name, type: name, links: [] })),
    properties: parts.properties ?? {},
    ...(parts.values === undefined ? {} : { widgets_values: parts.values }),
    ...(parts.named === undefined ? {} : { widgets_values_named: parts.named }),
    ...(parts.title === undefined ? {} : { title: parts.title }),
  };
}

export type Link = readonly [id: number, origin: number | string, originSlot: number, target: number | string, targetSlot: number, type: string];

export function linkObject([id, origin, originSlot, target, targetSlot, type]: Link): object {
  return { id, origin_id: origin, origin_slot: originSlot, target_id: target, target_slot: targetSlot, type };
}

export interface SubgraphParts {
  readonly in?: readonly string[];
  readonly out?: readonly string[];
  readonly nodes: readonly object[];
  readonly links: readonly Link[];
  readonly subgraphs?: readonly object[];
}

/** `id` is written as a UUID's last digit. */
export function subgraphId(id: number): string {
  return `00000000-0000-4000-8000-${String(id).padStart(12, "0")}`;
}

export function subgraph(id: number, parts: SubgraphParts): object {
  const slots = (texts: readonly string[] | undefined, origin: boolean) =>
    (texts ?? []).map((text, index) => {
      const [name, type] = text.split(": ");
      const linkIds = parts.links.filter((link) => (origin ? link[1] === -10 && link[2] === index : link[3] === -20 && link[4] === index)).map((link) => link[0]);
      return { id: `${id}-${index}`, name, type, linkIds };
    });
  return {
    id: subgraphId(id),
    name: `Subgraph ${id}`,
    inputNode: { id: -10 },
    outputNode: { id: -20 },
    inputs: slots(parts.in, true),
    outputs: slots(parts.out, false),
    nodes: parts.nodes,
    links: parts.links.map(linkObject),
    ...(parts.subgraphs === undefined ? {} : { definitions: { subgraphs: parts.subgraphs } }),
  };
}

export interface ExportParts {
  readonly nodes: readonly object[];
  readonly links?: readonly Link[];
  readonly subgraphs?: readonly object[];
  readonly extra?: Readonly<Record<string, unknown>>;
}

export function guiExport(parts: ExportParts): object {
  return {
    version: 0.4,
    nodes: parts.nodes,
    links: parts.links ?? [],
    extra: parts.extra ?? {},
    ...(parts.subgraphs === undefined ? {} : { definitions: { subgraphs: parts.subgraphs } }),
  };
}

export const core: Catalog = coreCatalog();

/** The core's classes and more, in the form of `/object_info`. */
export function coreWith(classes: Readonly<Record<string, unknown>>): Catalog {
  const { catalog, notes } = parseCatalog(classes);
  if (notes.length > 0) throw new Error(JSON.stringify(notes));
  return { classes: new Map([...core.classes, ...catalog.classes]) };
}

export function convert(parts: ExportParts, catalog: Catalog = core, options: ConversionOptions = {}): Conversion {
  return convertExport(guiExport(parts), catalog, options);
}

/** The inputs of every node, by node id. */
export function inputsOf(conversion: Conversion): Record<string, Readonly<Record<string, JsonValue | undefined>>> {
  return Object.fromEntries(Object.entries(conversion.graph).map(([id, made]) => [id, made.inputs]));
}

/** The problems as `node input kind`. */
export function problemsOf(conversion: Conversion): string[] {
  return conversion.report.problems.map((problem) => [problem.nodeId, problem.input, problem.kind].filter((part) => part !== undefined).join(" "));
}
