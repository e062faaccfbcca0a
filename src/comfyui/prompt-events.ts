import { AppError } from "../errors/app-error.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { PreviewFrame } from "./binary-frame.ts";
import type { BackendEvent } from "./event.ts";
import type { NodeState, SocketMessage } from "./messages.ts";
import { plainException } from "./plain-message.ts";

type Listener = (event: BackendEvent) => void;

interface Entry {
  readonly call: Listener;
}

/** What must be remembered of a prompt while someone listens to it. */
interface Watch {
  /** Another list at each change: who walks one is not disturbed. */
  listeners: readonly Entry[];
  /** Nodes told to be finished: `progress_state` repeats them in every message. */
  readonly finished: Set<string>;
  /** Node of the sent graph by the id of a node that ComfyUI expanded from it: `progress` names only the latter. */
  readonly displayed: Map<string, string>;
}

/**
 * Turns the socket's messages into events of the prompts that someone listens to, and drops the rest: ComfyUI
 * also sends what belongs to other clients (comfyui-protocol.md §2.2).
 */
export class PromptEvents {
  readonly #logger: Logger;
  readonly #watches = new Map<string, Watch>();
  /** Whose preview a frame without metadata is. Also kept for prompts of others, whose previews must not pass for ours. */
  #latest: { readonly promptId: string; readonly nodeId: string | null } | null = null;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** @param missing the beginning is already missed: the listener is told so, after this call */
  subscribe(promptId: string, listener: Listener, missing = false): () => void {
    const entry = { call: listener };
    const watch: Watch = this.#watches.get(promptId) ?? { listeners: [], finished: new Set(), displayed: new Map() };
    watch.listeners = [...watch.listeners, entry];
    this.#watches.set(promptId, watch);
    if (missing) {
      queueMicrotask(() => {
        if (watch.listeners.includes(entry)) this.#call(entry, { type: "gap" });
      });
    }
    return () => {
      watch.listeners = watch.listeners.filter((each) => each !== entry);
      if (watch.listeners.length === 0 && this.#watches.get(promptId) === watch) this.#watches.delete(promptId);
    };
  }

  /** Tells every listener that events are missing. */
  gap(): void {
    this.#latest = null;
    for (const watch of this.#watches.values()) this.#emit(watch, { type: "gap" });
  }

  preview(frame: PreviewFrame): void {
    const source = frame.source ?? this.#latest;
    const watch = source === null ? undefined : this.#watches.get(source.promptId);
    if (source === null || watch === undefined) return;
    this.#emit(watch, { type: "preview", nodeId: source.nodeId, contentType: frame.contentType, image: frame.image });
  }

  message(message: SocketMessage): void {
    if (message.type === "status") return;
    const promptId = message.data.prompt_id;
    if (typeof promptId !== "string") return;
    const watch = this.#watches.get(promptId);
    this.#noteLatest(promptId, message, watch);
    if (watch === undefined) return;
    if (message.type === "progress_state") this.#tellFinished(message.data.nodes, watch);
    else this.#tell(message, watch);
  }

  #noteLatest(promptId: string, message: SocketMessage, watch: Watch | undefined): void {
    if (message.type === "executing") {
      const { node } = message.data;
      this.#latest = node === null ? null : { promptId, nodeId: message.data.display_node ?? node };
    } else if (message.type === "progress" || message.type === "progress_state") {
      const node = message.type === "progress" ? message.data.node : null;
      const known = this.#latest?.promptId === promptId ? this.#latest.nodeId : null;
      this.#latest = { promptId, nodeId: typeof node !== "string" ? known : (watch?.displayed.get(node) ?? node) };
    }
  }

  #tell(message: Exclude<SocketMessage, { type: "status" | "progress_state" }>, watch: Watch): void {
    switch (message.type) {
      case "execution_start":
        this.#emit(watch, { type: "started" });
        break;
      case "execution_cached":
        this.#emit(watch, { type: "cached", nodeIds: message.data.nodes });
        break;
      case "executing": {
        const { node, display_node: displayed } = message.data;
        this.#emit(watch, node === null ? { type: "ended" } : { type: "node-started", nodeId: displayed ?? node });
        break;
      }
      case "progress": {
        const { node, value, max } = message.data;
        if (typeof node === "string") this.#emit(watch, { type: "node-progress", nodeId: watch.displayed.get(node) ?? node, value, max });
        break;
      }
      case "executed": {
        const { node, display_node: displayed, output } = message.data;
        if (output !== null && output !== undefined) this.#emit(watch, { type: "node-output", nodeId: displayed ?? node, ui: output });
        break;
      }
      case "execution_success":
        this.#emit(watch, { type: "succeeded" });
        break;
      case "execution_error": {
        const { node_id: nodeId, node_type: classType, exception_message: text } = message.data;
        this.#emit(watch, { type: "node-error", nodeId, classType: classType ?? "unknown class", message: plainException(text ?? "") });
        break;
      }
    }
  }

  #tellFinished(nodes: Readonly<Record<string, NodeState>>, watch: Watch): void {
    for (const key in nodes) {
      const node = nodes[key];
      if (node === undefined) continue;
      const { node_id: id, real_node_id: real, display_node_id: displayed, state } = node;
      const own = displayed ?? real ?? id;
      if (own !== id) watch.displayed.set(id, own);
      // A node that ComfyUI expanded ends long before the node of the graph it came from does.
      if (own !== id || state !== "finished" || watch.finished.has(id)) continue;
      watch.finished.add(id);
      this.#emit(watch, { type: "node-finished", nodeId: id });
    }
  }

  #emit(watch: Watch, event: BackendEvent): void {
    for (const entry of watch.listeners) this.#call(entry, event);
  }

  #call(entry: { readonly call: Listener }, event: BackendEvent): void {
    try {
      entry.call(event);
    } catch (error) {
      // One listener's fault must not cost the others their events, nor the socket its life.
      this.#logger.error({ err: AppError.from(error), event: event.type }, "a listener of ComfyUI's events failed");
    }
  }
}
