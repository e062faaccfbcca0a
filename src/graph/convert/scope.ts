import { AppError } from "../../errors/app-error.ts";
import type { JsonValue } from "../../json/exact.ts";
import type { Catalog } from "../catalog.ts";
import type { ConversionProblem } from "./conversion-report.ts";
import { bypassedMode, mutedMode, type GuiExport, type GuiGraph, type GuiInput, type GuiNode, type SubgraphDefinition } from "./export-model.ts";
import { unfoldGroup } from "./group-node.ts";
import { groupNameOf, kindOf, type NodeKind } from "./node-kind.ts";

/** The largest workflows known have 2,000 nodes; definitions that hold each other twice grow without bound. */
const maxNodes = 50_000;
/** ComfyUI's front end allows 1,000; nothing people make is deeper than 5. */
const maxDepth = 100;

/** The instance that a graph is inside of. */
export interface Host {
  readonly scope: Scope;
  readonly node: GuiNode;
  readonly definition: SubgraphDefinition;
}

/** One graph as it is run: the root, or the inside of one instance of a subgraph. */
export interface Scope {
  /** The ids of the instances above, `5:9:`; empty at the root. */
  readonly prefix: string;
  readonly depth: number;
  readonly graph: GuiGraph;
  readonly host: Host | undefined;
  readonly kinds: ReadonlyMap<string, NodeKind>;
  /** By the id of the instance; muted and bypassed instances have none. */
  readonly children: Map<string, Scope>;
  /** Values that a group node holds for widgets inside, by node id and input. */
  readonly overrides: ReadonlyMap<string, ReadonlyMap<string, JsonValue>>;
}

export function executionId(scope: Scope, node: GuiNode): string {
  return scope.prefix + node.id;
}

function isInside(scope: Scope, definition: SubgraphDefinition): boolean {
  for (let at = scope.host; at !== undefined; at = at.scope.host) if (at.definition.id === definition.id) return true;
  return false;
}

/**
 * Unfolds every live instance of a subgraph and of a group node.
 *
 * @returns the root first
 * @throws {AppError} `invalid_export` when there are more nodes than anybody runs
 */
export function unfoldScopes(file: GuiExport, catalog: Catalog, problems: ConversionProblem[]): Scope[] {
  let nodes = 0;
  const scopeOf = (graph: GuiGraph, prefix: string, host: Host | undefined, overrides: Scope["overrides"]): Scope => {
    nodes += graph.nodes.length;
    if (nodes > maxNodes) throw new AppError("invalid_export", `The workflow unfolds into more than ${maxNodes} nodes.`);
    const kinds = new Map(graph.nodes.map((node) => [node.id, kindOf(node, file, catalog)]));
    return { prefix, depth: host === undefined ? 0 : host.scope.depth + 1, graph, host, kinds, children: new Map(), overrides };
  };
  const scopes = [scopeOf(file.root, "", undefined, new Map())];
  // The list grows while it is walked.
  for (const scope of scopes) {
    for (const node of scope.graph.nodes) {
      const kind = scope.kinds.get(node.id);
      if ((kind !== "subgraph" && kind !== "group") || node.mode === mutedMode || node.mode === bypassedMode) continue;
      const about = { nodeId: executionId(scope, node), classType: node.type };
      const data = file.groups.get(groupNameOf(node.type) ?? "");
      const group = kind === "group" && data !== undefined ? unfoldGroup(node, data, catalog) : undefined;
      const definition = group?.definition ?? file.definitions.get(node.type);
      for (const problem of group?.problems ?? []) problems.push({ ...about, ...problem });
      if (definition === undefined) continue;
      if (isInside(scope, definition) || scope.depth >= maxDepth) {
        problems.push({ ...about, kind: "dropped", message: `The subgraph “${definition.name}” holds itself; this instance was left out.` });
        continue;
      }
      const child = scopeOf(definition.graph, `${executionId(scope, node)}:`, { scope, node, definition }, group?.overrides ?? new Map());
      scope.children.set(node.id, child);
      scopes.push(child);
    }
  }
  return scopes;
}

/** The input of the instance that stands for the definition's input `slot`: by name and type, by name, by place. */
export function hostInput(host: Host, slot: number): GuiInput | undefined {
  const { inputs } = host.node;
  const wanted = host.definition.inputs[slot];
  if (groupNameOf(host.definition.id) !== undefined) {
    // A group node makes its names by rules of its own, but keeps the order of its sockets.
    const sockets = inputs.filter((input) => input.widget === undefined);
    if (slot < sockets.length) return sockets[slot];
  }
  if (wanted === undefined) return inputs[slot];
  return (
    inputs.find((input) => input.name === wanted.name && input.type === wanted.type) ??
    inputs.find((input) => input.name === wanted.name) ??
    (inputs.length === host.definition.inputs.length ? inputs[slot] : undefined)
  );
}
