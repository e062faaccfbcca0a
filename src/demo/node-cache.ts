import type { JsonObject } from "../json/exact.ts";
import type { UiOutput } from "./node-definition.ts";
import type { Value } from "./values.ts";

export interface NodeUi {
  readonly meta: JsonObject;
  readonly output: UiOutput;
}

/** Entries that a cache that outlives prompts keeps: each may hold pictures, so a few runs of a usual graph. */
const maxKeptEntries = 60;

/**
 * Results by cache key. "last-prompt" keeps what the prompt before this one computed, "keep" what earlier ones did too
 * (comfyui-protocol.md §3.1).
 */
export class NodeCache {
  readonly #policy: "last-prompt" | "keep";
  #outputs = new Map<string, readonly (readonly Value[])[]>();
  #ui = new Map<string, NodeUi>();
  #keys: ReadonlyMap<string, string> = new Map();
  /** Of nodes that a node expanded to: they are not looked up again by later runs. */
  #ephemeralOutputs = new Map<string, readonly (readonly Value[])[]>();
  #ephemeralUi = new Map<string, NodeUi>();

  constructor(policy: "last-prompt" | "keep") {
    this.#policy = policy;
  }

  /** @param keys cache key by node id of the prompt that begins */
  begin(keys: ReadonlyMap<string, string>): void {
    this.#keys = keys;
    this.#ephemeralOutputs = new Map();
    this.#ephemeralUi = new Map();
    const needed = new Set(keys.values());
    this.#outputs = this.#reduced(this.#outputs, needed);
    this.#ui = this.#reduced(this.#ui, needed);
  }

  #reduced<T>(entries: Map<string, T>, needed: ReadonlySet<string>): Map<string, T> {
    if (this.#policy === "last-prompt") return new Map([...entries].filter(([key]) => needed.has(key)));
    const surplus = new Set([...entries.keys()].filter((key) => !needed.has(key)).slice(0, -maxKeptEntries));
    return new Map([...entries].filter(([key]) => !surplus.has(key)));
  }

  outputs(nodeId: string): readonly (readonly Value[])[] | undefined {
    const key = this.#keys.get(nodeId);
    return key === undefined ? this.#ephemeralOutputs.get(nodeId) : this.#outputs.get(key);
  }

  setOutputs(nodeId: string, outputs: readonly (readonly Value[])[]): void {
    const key = this.#keys.get(nodeId);
    if (key === undefined) this.#ephemeralOutputs.set(nodeId, outputs);
    else this.#outputs.set(key, outputs);
  }

  ui(nodeId: string): NodeUi | undefined {
    const key = this.#keys.get(nodeId);
    return key === undefined ? this.#ephemeralUi.get(nodeId) : this.#ui.get(key);
  }

  setUi(nodeId: string, ui: NodeUi): void {
    const key = this.#keys.get(nodeId);
    if (key === undefined) this.#ephemeralUi.set(nodeId, ui);
    else this.#ui.set(key, ui);
  }

  /** Ids of the prompt's nodes, then those they expanded to. */
  nodeIds(): readonly string[] {
    return [...this.#keys.keys(), ...this.#ephemeralUi.keys()];
  }

  clear(): void {
    this.#outputs.clear();
    this.#ui.clear();
  }
}
