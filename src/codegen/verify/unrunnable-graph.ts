import type { Catalog, NodeClass } from "../../graph/catalog.ts";
import { isWidget, type CatalogInput } from "../../graph/catalog/input-spec.ts";
import { isLink, type Graph, type GraphNode } from "../../graph/graph.ts";

/** A graph that ComfyUI looks through wholly and refuses in any case, so that nothing runs. */
export interface UnrunnableGraph {
  readonly graph: Graph;
  /** `"nodeId/input"` that were taken out on purpose: what ComfyUI says about them is no fault of the graph. */
  readonly takenOut: ReadonlySet<string>;
  /** Output nodes whose own upstream could not be looked at, and why. */
  readonly unseen: readonly string[];
}

function isLinkedTo(node: GraphNode, input: CatalogInput): boolean {
  return isLink(node.inputs[input.name]);
}

/** A required input that holds a value: without it the node is refused, and all of its links are followed first. */
function removable(node: GraphNode, known: NodeClass): string | undefined {
  return known.inputs.find((input) => input.required && isWidget(input.spec) && !isLinkedTo(node, input) && node.inputs[input.name] !== undefined)?.name;
}

interface Probe {
  readonly classType: string;
  /** Takes the link. */
  readonly input: string;
  /** Left out. */
  readonly missing: string;
  readonly isOutput: boolean;
}

/** A class that takes a link of `type` and needs something else besides, output nodes first. */
function findProbe(catalog: Catalog, type: string): Probe | undefined {
  const probes = [...catalog.classes.values()].flatMap((known): Probe[] => {
    const input = known.inputs.find(({ required, spec }) => required && (spec.kind === "socket" || type === "STRING") && spec.types.includes(type));
    const missing = known.inputs.find(({ required, name, spec }) => required && name !== input?.name && isWidget(spec) && spec.kind !== "dynamic_combo");
    const isPlain = !known.apiNode && !known.deprecated;
    return input === undefined || missing === undefined || !isPlain ? [] : [{ classType: known.name, input: input.name, missing: missing.name, isOutput: known.outputNode }];
  });
  return probes.find((probe) => probe.isOutput) ?? (catalog.classes.has(anyOutput) ? probes[0] : undefined);
}

/** Of ComfyUI: an output node that takes a link of any type. */
const anyOutput = "PreviewAny";

function withoutInput(node: GraphNode, name: string): GraphNode {
  return { ...node, inputs: Object.fromEntries(Object.entries(node.inputs).filter(([input]) => input !== name)) };
}

/**
 * ComfyUI has no call that only validates: a graph with one valid output node is queued and runs. So every output node is made
 * invalid in one known way, a required value that is missing, which does not keep ComfyUI from looking at everything upstream of it.
 * An output node that has nothing but links is replaced by another class that takes the same link and lacks a value
 * (comfyui-protocol.md §1.1: only what output nodes lead back to is looked at).
 */
export function unrunnableGraph(graph: Graph, catalog: Catalog): UnrunnableGraph {
  const changed: Record<string, GraphNode> = {};
  const takenOut = new Set<string>();
  const unseen: string[] = [];
  let probes = 0;
  const addProbe = (link: readonly [string, number], type: string, what: string): void => {
    const probe = findProbe(catalog, type);
    if (probe === undefined) {
      unseen.push(`${what}: this ComfyUI has no other class that takes a ${type} and could stand in for it`);
      return;
    }
    const id = `verify-${(probes += 1)}`;
    changed[id] = { class_type: probe.classType, inputs: { [probe.input]: [...link] } };
    takenOut.add(`${id}/${probe.missing}`);
    if (!probe.isOutput) changed[`${id}-out`] = { class_type: anyOutput, inputs: { source: [id, 0] } };
  };
  for (const [id, node] of Object.entries(graph)) {
    const known = catalog.classes.get(node.class_type);
    if (known === undefined || !known.outputNode) {
      changed[id] = node;
      continue;
    }
    const value = removable(node, known);
    if (value !== undefined) {
      changed[id] = withoutInput(node, value);
      takenOut.add(`${id}/${value}`);
      continue;
    }
    for (const [input, link] of Object.entries(node.inputs)) {
      if (!isLink(link)) continue;
      const source = catalog.classes.get(graph[link[0]]?.class_type ?? "");
      addProbe(link, source?.outputs[link[1]]?.type ?? "*", `node ${id} (${node.class_type}), input ${input}`);
    }
  }
  return { graph: changed, takenOut, unseen };
}

/** Whether every output node that is left lacks what was taken out: only then is nothing run. */
export function isSurelyRefused({ graph, takenOut }: UnrunnableGraph, catalog: Catalog): boolean {
  const broken = new Set([...takenOut].map((place) => place.slice(0, place.lastIndexOf("/"))));
  return Object.entries(graph).every(([id, node]) => {
    const known = catalog.classes.get(node.class_type);
    // What the catalog does not know makes ComfyUI refuse the graph as a whole.
    if (known === undefined || !known.outputNode || broken.has(id)) return true;
    const source = node.inputs["source"];
    return node.class_type === anyOutput && isLink(source) && broken.has(source[0]);
  });
}
