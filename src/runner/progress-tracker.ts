import type { BackendEvent } from "../comfyui/event.ts";
import type { Graph, GraphNode } from "../graph/graph.ts";
import type { JobProgress } from "../job/job.ts";

interface CurrentNode {
  readonly id: string;
  readonly step: number | null;
  readonly steps: number | null;
}

/** Beyond any sampler's use; a bound against a graph that would make one node everything. */
const maxSteps = 1_000;

/** How much of the work a node is: its sampler steps where it has some, else as much as one step. */
function weightOf(node: GraphNode): number {
  const { steps } = node.inputs;
  return typeof steps === "number" && steps > 1 ? Math.min(steps, maxSteps) : 1;
}

/**
 * Follows an attempt's events and says how far it is. `percent` weighs nodes by their sampler steps, and never goes
 * down.
 */
export class ProgressTracker {
  readonly #graph: Graph;
  readonly #totalWeight: number;
  readonly #totalNodes: number;
  readonly #done = new Set<string>();
  #doneWeight = 0;
  #current: CurrentNode | null = null;
  #percent: number;
  #cached: number | null = null;

  /** @param floor percent already shown to the caller, by an earlier watch of the same attempt */
  constructor(graph: Graph, floor = 0) {
    this.#graph = graph;
    const nodes = Object.values(graph);
    this.#totalWeight = nodes.reduce((sum, node) => sum + weightOf(node), 0);
    this.#totalNodes = nodes.length;
    this.#percent = floor;
  }

  /** Nodes answered from the cache; null until ComfyUI said so. */
  get cachedNodes(): number | null {
    return this.#cached;
  }

  /** @returns whether the event says anything about progress */
  apply(event: BackendEvent): boolean {
    switch (event.type) {
      case "cached": {
        const known = event.nodeIds.filter((id) => this.#has(id));
        for (const id of known) this.#finished(id);
        this.#cached = known.length;
        return true;
      }
      case "node-started":
        // A node that ComfyUI expands runs several times under the same id.
        if (this.#has(event.nodeId) && this.#current?.id !== event.nodeId) this.#current = { id: event.nodeId, step: null, steps: null };
        return true;
      case "node-progress":
        if (!this.#has(event.nodeId) || event.max <= 0) return false;
        this.#current = { id: event.nodeId, step: Math.min(event.value, event.max), steps: event.max };
        return true;
      case "node-finished":
        if (!this.#has(event.nodeId)) return false;
        this.#finished(event.nodeId);
        if (this.#current?.id === event.nodeId) this.#current = null;
        return true;
      default:
        return false;
    }
  }

  /** ComfyUI names nodes that it made itself, by any name. */
  #has(id: string): boolean {
    return Object.hasOwn(this.#graph, id);
  }

  #weightAt(id: string): number {
    const node = this.#graph[id];
    return node === undefined ? 0 : weightOf(node);
  }

  #finished(id: string): void {
    if (this.#done.has(id)) return;
    this.#done.add(id);
    this.#doneWeight += this.#weightAt(id);
  }

  snapshot(): JobProgress {
    const current = this.#current;
    const running = current !== null && !this.#done.has(current.id) && current.step !== null && current.steps !== null;
    const begun = running ? (current.step / current.steps) * this.#weightAt(current.id) : 0;
    const percent = Math.round(((this.#doneWeight + begun) / this.#totalWeight) * 1000) / 10;
    this.#percent = Math.max(this.#percent, percent);
    const node = current === null ? undefined : this.#graph[current.id];
    return {
      percent: this.#percent,
      completedNodes: this.#done.size,
      totalNodes: this.#totalNodes,
      currentNode:
        current === null || node === undefined
          ? null
          : { id: current.id, classType: node.class_type, title: node._meta?.title ?? node.class_type, step: current.step, steps: current.steps },
    };
  }
}
