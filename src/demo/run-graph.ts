import { isLink } from "../graph/graph.ts";
import type { Graph } from "../graph/graph.ts";
import type { JsonObject } from "../json/exact.ts";
import type { Prompt } from "./prompt.ts";

interface RunNode {
  readonly class_type: string;
  readonly inputs: JsonObject;
}

/** The graph of a run: the one that was sent, and the nodes that nodes expanded to. */
export class RunGraph {
  readonly #nodes: Map<string, RunNode>;
  readonly #parents = new Map<string, string>();

  constructor(prompt: Prompt) {
    this.#nodes = new Map(Object.entries(prompt));
  }

  node(nodeId: string): RunNode {
    const node = this.#nodes.get(nodeId);
    if (node === undefined) throw new Error(`no node ${nodeId} in the run`);
    return node;
  }

  has(nodeId: string): boolean {
    return this.#nodes.has(nodeId);
  }

  /** The nodes that `nodeId` takes values from, in the order of its inputs. */
  sourcesOf(nodeId: string): readonly string[] {
    const sources = Object.values(this.node(nodeId).inputs).filter(isLink).map(([source]) => source);
    return sources.filter((source) => this.#nodes.has(source));
  }

  expand(parentId: string, graph: Graph): void {
    for (const [nodeId, node] of Object.entries(graph)) {
      this.#nodes.set(nodeId, node);
      this.#parents.set(nodeId, parentId);
    }
  }

  /** The node that expanded to this one, or null for a node of the graph that was sent. */
  parentOf(nodeId: string): string | null {
    return this.#parents.get(nodeId) ?? null;
  }

  /** The node of the graph that was sent that this one belongs to. */
  rootOf(nodeId: string): string {
    let id = nodeId;
    for (let parent = this.parentOf(id); parent !== null; parent = this.parentOf(id)) id = parent;
    return id;
  }
}
