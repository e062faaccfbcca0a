/** What the order needs to know of the nodes; ids may be added while a run goes on. */
export interface OrderedNodes {
  /** Nodes that this one takes values from, in the order of its inputs. */
  sourcesOf(nodeId: string): readonly string[];
  isOutput(nodeId: string): boolean;
  isCached(nodeId: string): boolean;
}

/**
 * Which node runs next: one whose sources are done, output nodes first, then the ones nearest to an output
 * (comfyui-protocol.md §2.4, "UX friendly").
 */
export class ExecutionOrder {
  readonly #nodes: OrderedNodes;
  /** By waiting node: the nodes it still waits for. Insertion order breaks ties. */
  readonly #waitsFor = new Map<string, Set<string>>();

  constructor(nodes: OrderedNodes) {
    this.#nodes = nodes;
  }

  get isEmpty(): boolean {
    return this.#waitsFor.size === 0;
  }

  /** Adds a node and everything it needs that is not cached. */
  add(nodeId: string): void {
    const stack = [nodeId];
    const links: [string, string][] = [];
    for (let id = stack.pop(); id !== undefined; id = stack.pop()) {
      if (this.#waitsFor.has(id)) continue;
      this.#waitsFor.set(id, new Set());
      for (const source of this.#nodes.sourcesOf(id)) {
        if (this.#nodes.isCached(source)) continue;
        stack.push(source);
        links.push([source, id]);
      }
    }
    for (const [source, target] of links) this.link(source, target);
  }

  /** Lets `target` wait for `source`. */
  link(source: string, target: string): void {
    if (this.#nodes.isCached(source)) return;
    this.add(source);
    this.#waitsFor.get(target)?.add(source);
  }

  /** @returns null when the nodes that are left wait for each other */
  next(): string | null {
    const ready = [...this.#waitsFor].filter(([, sources]) => sources.size === 0).map(([id]) => id);
    const before = (id: string): readonly string[] => [...this.#waitsFor].filter(([, sources]) => sources.has(id)).map(([target]) => target);
    const isOutput = (id: string): boolean => this.#nodes.isOutput(id);
    return (
      ready.find(isOutput) ??
      ready.find((id) => before(id).some(isOutput)) ??
      ready.find((id) => before(id).some((target) => before(target).some(isOutput))) ??
      ready[0] ??
      null
    );
  }

  done(nodeId: string): void {
    this.#waitsFor.delete(nodeId);
    for (const sources of this.#waitsFor.values()) sources.delete(nodeId);
  }
}
