import type { JsonObject, JsonValue } from "../json/exact.ts";
import { cacheKey } from "./cache-key.ts";
import { ExecutionOrder } from "./execution-order.ts";
import type { FileTree } from "./file-tree.ts";
import { textFrame } from "./binary-frame.ts";
import type { FrameSink } from "./frame-sink.ts";
import { isObject } from "./json-shape.ts";
import type { Dialect } from "./input-check.ts";
import { withMediaMetadata } from "./media-metadata.ts";
import { blockerOf, callsOf, inputLists, inputsOf, mergeResults, type InputLists, type MergedResult } from "./node-call.ts";
import type { NodeCache } from "./node-cache.ts";
import type { ExpandedValue, NodeDefinition, NodeResult } from "./node-definition.ts";
import { Interrupted, NodeFailure, ProcessGone } from "./node-failure.ts";
import type { NodeRun } from "./node-run.ts";
import type { Pace } from "./pace.ts";
import { ProgressBoard } from "./progress-board.ts";
import { toPythonString } from "./python-conversion.ts";
import type { QueueItem } from "./queue.ts";
import { failureDetails, shownInputs } from "./run-failure.ts";
import { RunGraph } from "./run-graph.ts";
import type { Value } from "./values.ts";

export interface PromptRunParams {
  readonly definitions: ReadonlyMap<string, NodeDefinition>;
  readonly files: FileTree;
  readonly cache: NodeCache;
  readonly sink: FrameSink;
  readonly pace: Pace;
  readonly tempSuffix: string;
  readonly previews: boolean;
  /** Told of errors that no node raised: faults of the stand-in. */
  readonly onCrash: (error: unknown) => void;
  /** The newer server lists in the history only what this run showed, and describes the files (comfyui-protocol.md §1.3, §1.4). */
  readonly dialect: Dialect;
}

export interface RunOutcome {
  readonly success: boolean;
  readonly outputs: JsonObject;
  readonly meta: JsonObject;
  /** `[event, data]`, as the history keeps them. */
  readonly messages: readonly JsonValue[];
}

/** Runs one prompt and tells of it in the order of comfyui-protocol.md §2.4. */
export class PromptRun {
  readonly #params: PromptRunParams;
  readonly #item: QueueItem;
  readonly #graph: RunGraph;
  readonly #board: ProgressBoard;
  readonly #order: ExecutionOrder;
  readonly #clientId: string | null;
  readonly #executed = new Set<string>();
  readonly #shown = new Set<string>();
  readonly #expansions = new Map<string, readonly (readonly ExpandedValue[])[]>();
  #messages: readonly JsonValue[] = [];
  #currentNode: string | null = null;

  constructor(params: PromptRunParams, item: QueueItem) {
    this.#params = params;
    this.#item = item;
    this.#graph = new RunGraph(item.prompt);
    const clientId = item.extraData["client_id"] ?? null;
    this.#clientId = clientId === null ? null : toPythonString(clientId);
    this.#board = new ProgressBoard({ promptId: item.promptId, graph: this.#graph, sink: params.sink, clientId: this.#clientId });
    this.#order = new ExecutionOrder({
      sourcesOf: (id) => this.#graph.sourcesOf(id),
      isOutput: (id) => this.#definition(id).outputNode === true,
      isCached: (id) => params.cache.outputs(id) !== undefined,
    });
  }

  get clientId(): string | null {
    return this.#clientId;
  }

  /** The node of the sent graph that runs now. */
  get currentNode(): string | null {
    return this.#currentNode;
  }

  /** @throws {ProcessGone} when the process ended meanwhile: then there is no outcome */
  async run(): Promise<RunOutcome> {
    const { cache, pace } = this.#params;
    const { prompt, promptId, outputs } = this.#item;
    pace.beginRun();
    this.#announce("execution_start", { prompt_id: promptId });
    cache.begin(new Map(Object.keys(prompt).map((id) => [id, cacheKey(this.#graph, id, (node) => this.#keyed(node))])));
    const cached = Object.keys(prompt).filter((id) => cache.outputs(id) !== undefined);
    this.#announce("execution_cached", { nodes: cached, prompt_id: promptId });
    for (const id of outputs) this.#order.add(id);
    const success = await this.#runNodes();
    if (success) this.#announce("execution_success", { prompt_id: promptId });
    this.#currentNode = null;
    return { success, ...this.#results(), messages: this.#messages };
  }

  async #runNodes(): Promise<boolean> {
    while (!this.#order.isEmpty) {
      const id = this.#order.next();
      if (id === null) {
        const [blamed = ""] = this.#item.outputs;
        this.#failed(blamed, new NodeFailure("graph.DependencyCycleError", "Dependency cycle detected"), new Map());
        return false;
      }
      if (!(await this.#runNode(id))) return false;
    }
    return true;
  }

  #definition(id: string): NodeDefinition {
    const { class_type: classType } = this.#graph.node(id);
    const definition = this.#params.definitions.get(classType);
    if (definition === undefined) throw new Error(`no class ${classType}`);
    return definition;
  }

  #keyed(id: string): { readonly usesUniqueId: boolean; readonly fingerprint: JsonValue } {
    const definition = this.#definition(id);
    const usesUniqueId = Object.values(definition.hidden ?? {}).includes("UNIQUE_ID");
    if (definition.fingerprint === undefined) return { usesUniqueId, fingerprint: null };
    const fingerprint = definition.fingerprint(this.#graph.node(id).inputs, this.#params.files);
    return { usesUniqueId, fingerprint: fingerprint ?? crypto.randomUUID() };
  }

  /** @returns whether the run goes on */
  async #runNode(id: string): Promise<boolean> {
    const { cache } = this.#params;
    if (cache.outputs(id) !== undefined) {
      this.#sendToOwner("executed", { ...this.#nodeNames(id), output: cache.ui(id)?.output ?? null, prompt_id: this.#item.promptId });
      this.#shown.add(id);
      this.#board.finished(id);
      this.#order.done(id);
      return true;
    }
    let lists: InputLists = new Map();
    try {
      const pending = this.#expansions.get(id);
      if (pending === undefined) {
        this.#board.started(id);
        const definition = this.#definition(id);
        lists = inputLists(definition, this.#graph.node(id).inputs, (source) => cache.outputs(source));
        this.#currentNode = this.#graph.rootOf(id);
        this.#sendToOwner("executing", { ...this.#nodeNames(id), prompt_id: this.#item.promptId });
        const merged = mergeResults(definition, await this.#call(id, definition, lists));
        this.#showUi(id, merged);
        if (merged.expansions.length > 0) {
          this.#expand(id, merged);
          return true;
        }
        cache.setOutputs(id, merged.outputs);
      } else {
        cache.setOutputs(id, this.#resolved(pending));
      }
    } catch (error) {
      if (error instanceof ProcessGone) throw error;
      this.#failed(id, error, lists);
      return false;
    }
    this.#board.finished(id);
    this.#executed.add(id);
    this.#order.done(id);
    return true;
  }

  async #call(id: string, definition: NodeDefinition, lists: InputLists): Promise<readonly NodeResult[]> {
    const results: NodeResult[] = [];
    for (const [index, call] of callsOf(lists).entries()) {
      await this.#params.pace.node(definition.name);
      const blocker = blockerOf(call);
      if (blocker === undefined) {
        results.push(withEverySlot(definition, await definition.run(inputsOf(call), this.#nodeRun(id, definition, index))));
        continue;
      }
      if (blocker.message !== null) this.#complain(id, definition, blocker.message);
      results.push({ values: definition.outputs.map((): readonly Value[] => [{ kind: "blocker", message: null }]) });
    }
    return results;
  }

  #nodeRun(id: string, definition: NodeDefinition, callIndex: number): NodeRun {
    const { files, pace, sink, tempSuffix } = this.#params;
    const pnginfo = this.#item.extraData["extra_pnginfo"];
    return {
      nodeId: id,
      files,
      prompt: this.#item.prompt,
      extraPnginfo: isObject(pnginfo) ? pnginfo : undefined,
      tempSuffix,
      wantsPreviews: this.#params.previews,
      progress: async (value, max, preview) => {
        await pace.step(definition.name, value);
        this.#board.advanced(id, value, max, preview);
      },
      sendText: (text, addressee) => sink.sendBytes(textFrame(id, text), addressee === "owner" ? this.#clientId : null),
      ephemeralId: (n) => `${id}.${callIndex}.0.${n}`,
    };
  }

  #showUi(id: string, merged: MergedResult): void {
    if (merged.ui === null || Object.keys(merged.ui).length === 0) return;
    const { dialect, files } = this.#params;
    const ui = dialect === "next" ? withMediaMetadata(merged.ui, files) : merged.ui;
    const root = this.#graph.rootOf(id);
    const meta = { node_id: id, display_node: root, parent_node: this.#graph.parentOf(id), real_node_id: root };
    this.#params.cache.setUi(id, { meta, output: ui });
    this.#shown.add(id);
    this.#sendToOwner("executed", { ...this.#nodeNames(id), output: ui, prompt_id: this.#item.promptId });
  }

  /** The node waits for the nodes it expanded to, then takes their values as its own. */
  #expand(id: string, { expansions }: MergedResult): void {
    for (const { graph } of expansions) this.#graph.expand(id, graph);
    for (const { graph } of expansions) {
      for (const nodeId of Object.keys(graph)) if (this.#definition(nodeId).outputNode === true) this.#order.add(nodeId);
    }
    for (const { values } of expansions) {
      for (const value of values) if (value.kind === "link") this.#order.link(value.nodeId, id);
    }
    this.#expansions.set(id, expansions.map(({ values }) => values));
  }

  #resolved(expansions: readonly (readonly ExpandedValue[])[]): readonly (readonly Value[])[] {
    const slots = expansions[0]?.length ?? 0;
    return Array.from({ length: slots }, (_, slot) =>
      expansions.flatMap((values): readonly Value[] => {
        const value = values[slot];
        if (value === undefined) return [];
        return value.kind === "link" ? (this.#params.cache.outputs(value.nodeId)?.[value.slot] ?? []) : [value];
      }),
    );
  }

  #complain(id: string, definition: NodeDefinition, message: string): void {
    this.#params.sink.send(
      "execution_error",
      {
        prompt_id: this.#item.promptId,
        node_id: id,
        node_type: definition.name,
        executed: [...this.#executed],
        exception_message: `Execution Blocked: ${message}`,
        exception_type: "ExecutionBlocked",
        traceback: [],
        current_inputs: [],
        current_outputs: [],
      },
      this.#clientId,
    );
  }

  #failed(id: string, error: unknown, lists: InputLists): void {
    const nodeId = this.#graph.rootOf(id);
    const base = {
      prompt_id: this.#item.promptId,
      node_id: nodeId,
      node_type: this.#definition(nodeId).name,
      executed: [...this.#executed],
    };
    if (error instanceof Interrupted) {
      this.#announce("execution_interrupted", base, "everyone");
      return;
    }
    if (!(error instanceof NodeFailure)) this.#params.onCrash(error);
    // What is no failure of a node is a fault of this server: it must not look like one of the graph.
    const failure = error instanceof NodeFailure ? error : new NodeFailure("DemoServerError", String(error));
    const inputs = shownInputs({ definition: this.#definition(id), nodeId: id, lists, item: this.#item });
    this.#announce("execution_error", {
      ...base,
      ...failureDetails(failure),
      current_inputs: inputs,
      current_outputs: this.#params.cache.nodeIds(),
    });
  }

  #nodeNames(id: string): { readonly node: string; readonly display_node: string } {
    return { node: id, display_node: this.#graph.rootOf(id) };
  }

  #sendToOwner(type: string, data: JsonObject): void {
    if (this.#clientId !== null) this.#params.sink.send(type, data, this.#clientId);
  }

  /** Sends, and keeps for the history. Without a client id only interrupts are sent, to everyone (comfyui-protocol.md §2.2). */
  #announce(type: string, data: JsonObject, audience: "owner" | "everyone" = "owner"): void {
    const message = { ...data, timestamp: Date.now() };
    this.#messages = [...this.#messages, [type, message]];
    if (this.#clientId !== null || audience === "everyone") this.#params.sink.send(type, message, this.#clientId);
  }

  #results(): { readonly outputs: JsonObject; readonly meta: JsonObject } {
    const { cache, dialect } = this.#params;
    const listed = cache.nodeIds().flatMap((id) => {
      const ui = cache.ui(id);
      return ui !== undefined && (dialect !== "next" || this.#shown.has(id)) ? [{ id, ui }] : [];
    });
    return {
      outputs: Object.fromEntries(listed.map(({ id, ui }) => [id, ui.output])),
      meta: Object.fromEntries(listed.map(({ id, ui }) => [id, ui.meta])),
    };
  }
}

/** Every slot that a class declares has to be filled. */
function withEverySlot(definition: NodeDefinition, result: NodeResult): NodeResult {
  if (result.expand !== undefined || result.values === undefined) return result;
  if (result.values.length < definition.outputs.length) throw new NodeFailure("IndexError", "tuple index out of range");
  return result;
}
