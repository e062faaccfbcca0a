import type { JsonValue } from "../../json/exact.ts";
import type { Catalog, NodeClass } from "../catalog.ts";
import type { CatalogInput, InputSpec } from "../catalog/input-spec.ts";
import { type Graph, type GraphNode, isLink } from "../graph.ts";
import type { GraphInput } from "./parameter.ts";

/** Buttons and previews of the front end that old exports hold as inputs (comfyui-protocol.md §4.1): never of use to a caller. */
const pseudoInputs: ReadonlySet<string> = new Set([
  "control_after_generate", "control_before_generate", "control_filter_list", "upload", "choose file to upload", "choose video to upload",
  "choose image to upload", "image_upload", "video_upload", "audioUI", "videopreview", "speak_and_recognation", "➕ Add Lora",
]);

/** Graphs of 1,000 nodes follow some 500; damaged ones, in which everything leads everywhere, would follow millions. */
const maxFollowed = 50_000;

export interface Link {
  readonly from: string;
  readonly slot: number;
}

export interface NodeInput extends GraphInput {
  readonly node: GraphNode;
  readonly value: JsonValue;
}

/** A graph with what its catalog says of it, walkable in both directions. */
export interface Wiring {
  readonly graph: Graph;
  /** In the order of the graph, the nodes that have a part in an output. */
  readonly reachable: readonly string[];
  readonly node: (nodeId: string) => GraphNode | undefined;
  readonly classOf: (nodeId: string) => NodeClass | undefined;
  readonly specOf: (target: GraphInput) => InputSpec | undefined;
  /** The literal inputs of a node that a caller could set. */
  readonly literals: (nodeId: string) => readonly NodeInput[];
  readonly links: (nodeId: string) => readonly (Link & { readonly input: string })[];
  readonly consumers: (nodeId: string) => readonly (GraphInput & { readonly slot: number })[];
  /** Counts one link followed in search of a value; false once a graph has used up what any real one needs. */
  readonly mayFollow: () => boolean;
  /** The type that an output slot has; `undefined`: the catalog does not know. */
  readonly outputType: (link: Link) => string | undefined;
}

/** The spec at the dotted path of a dynamic input (comfyui-protocol.md §1.6). */
function specAt(inputs: readonly CatalogInput[], path: readonly string[], read: (prefix: string) => JsonValue | undefined, prefix = ""): InputSpec | undefined {
  const [head, ...rest] = path;
  const spec = inputs.find((input) => input.name === head)?.spec;
  if (head === undefined || spec === undefined || rest.length === 0) return spec;
  const here = prefix + head;
  switch (spec.kind) {
    case "dynamic_combo": {
      const chosen = read(here);
      const choice = spec.choices.find((candidate) => candidate.key === chosen);
      return choice === undefined ? undefined : specAt(choice.inputs, rest, read, `${here}.`);
    }
    case "dynamic_slot":
      return specAt(spec.inputs, rest, read, `${here}.`);
    case "dynamic_group":
      return specAt(spec.fields, rest.slice(1), read, `${here}.${rest[0] ?? ""}.`);
    case "autogrow":
      return spec.template;
    default:
      return undefined;
  }
}

/** The name of an input without what it stands in: `model.prompt` of a dynamic input is `prompt`. */
export function plainName(input: string): string {
  return input.slice(input.lastIndexOf(".") + 1);
}

function isPseudo(input: string): boolean {
  return pseudoInputs.has(input);
}

/** Where results leave the graph: output nodes, and nodes of unknown classes that take something and give it to no one. */
function sinks(graph: Graph, catalog: Catalog, takes: (nodeId: string) => boolean, gives: (nodeId: string) => boolean): string[] {
  const ends = Object.keys(graph).filter((nodeId) => {
    const known = catalog.classes.get(graph[nodeId]?.class_type ?? "");
    return known === undefined ? takes(nodeId) && !gives(nodeId) : known.outputNode;
  });
  return ends.length === 0 ? Object.keys(graph) : ends;
}

export function wire(graph: Graph, catalog: Catalog): Wiring {
  const links = new Map<string, (Link & { input: string })[]>();
  const literals = new Map<string, readonly NodeInput[]>();
  const consumers = new Map<string, (GraphInput & { slot: number })[]>();
  for (const [nodeId, node] of Object.entries(graph)) {
    const own: (Link & { input: string })[] = [];
    const literal: NodeInput[] = [];
    for (const [input, value] of Object.entries(node.inputs)) {
      if (value !== undefined && !isLink(value) && !isPseudo(input)) literal.push({ nodeId, input, node, value });
      if (!isLink(value) || !Object.hasOwn(graph, value[0])) continue;
      own.push({ from: value[0], slot: value[1], input });
      const list = consumers.get(value[0]) ?? [];
      list.push({ nodeId, input, slot: value[1] });
      consumers.set(value[0], list);
    }
    links.set(nodeId, own);
    literals.set(nodeId, literal);
  }
  let followed = 0;
  const reached = new Set<string>();
  const open = sinks(graph, catalog, (nodeId) => (links.get(nodeId) ?? []).length > 0, (nodeId) => consumers.has(nodeId));
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (reached.has(next)) continue;
    reached.add(next);
    for (const link of links.get(next) ?? []) open.push(link.from);
  }
  const node = (nodeId: string): GraphNode | undefined => (Object.hasOwn(graph, nodeId) ? graph[nodeId] : undefined);
  const classOf = (nodeId: string): NodeClass | undefined => catalog.classes.get(node(nodeId)?.class_type ?? "");
  return {
    graph,
    reachable: Object.keys(graph).filter((nodeId) => reached.has(nodeId)),
    node,
    classOf,
    specOf: ({ nodeId, input }) => {
      const known = classOf(nodeId)?.inputs ?? [];
      const inputs = node(nodeId)?.inputs ?? {};
      return known.find((candidate) => candidate.name === input)?.spec ?? specAt(known, input.split("."), (name) => inputs[name]);
    },
    literals: (nodeId) => literals.get(nodeId) ?? [],
    links: (nodeId) => links.get(nodeId) ?? [],
    consumers: (nodeId) => consumers.get(nodeId) ?? [],
    mayFollow: () => {
      followed += 1;
      return followed <= maxFollowed;
    },
    outputType: ({ from, slot }) => classOf(from)?.outputs[slot]?.type,
  };
}
