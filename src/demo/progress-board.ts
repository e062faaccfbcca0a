import type { JsonObject } from "../json/exact.ts";
import { previewFrame, previewFrameWithMetadata } from "./binary-frame.ts";
import type { FrameSink } from "./frame-sink.ts";
import type { PreviewImage } from "./node-run.ts";
import type { RunGraph } from "./run-graph.ts";

interface NodeProgress {
  readonly value: number;
  readonly max: number;
  readonly state: "running" | "finished";
}

/** Tells the owner of a run how far each of its nodes is. */
export class ProgressBoard {
  readonly #promptId: string;
  readonly #graph: RunGraph;
  readonly #sink: FrameSink;
  readonly #clientId: string | null;
  readonly #nodes = new Map<string, NodeProgress>();

  constructor(params: { readonly promptId: string; readonly graph: RunGraph; readonly sink: FrameSink; readonly clientId: string | null }) {
    this.#promptId = params.promptId;
    this.#graph = params.graph;
    this.#sink = params.sink;
    this.#clientId = params.clientId;
  }

  started(nodeId: string): void {
    this.#set(nodeId, { value: 0, max: 1, state: "running" });
  }

  finished(nodeId: string): void {
    const max = this.#nodes.get(nodeId)?.max ?? 1;
    this.#set(nodeId, { value: max, max, state: "finished" });
  }

  /** A preview with metadata comes before the `progress` frame, one without after it (comfyui-protocol.md §2.4). */
  advanced(nodeId: string, value: number, max: number, preview: PreviewImage | undefined): void {
    this.#set(nodeId, { value, max, state: "running" });
    const withMetadata = this.#sink.takesPreviewMetadata(this.#clientId);
    if (preview !== undefined && withMetadata) {
      const metadata = { node_id: nodeId, prompt_id: this.#promptId, ...this.#ids(nodeId) };
      this.#sink.sendBytes(previewFrameWithMetadata(preview, metadata), this.#clientId);
    }
    this.#sink.send("progress", { value, max, prompt_id: this.#promptId, node: nodeId }, this.#clientId);
    if (preview !== undefined && !withMetadata) this.#sink.sendBytes(previewFrame(preview), this.#clientId);
  }

  #set(nodeId: string, progress: NodeProgress): void {
    this.#nodes.set(nodeId, progress);
    const nodes = Object.fromEntries(
      [...this.#nodes].map(([id, { value, max, state }]) => [
        id,
        { value, max, state, node_id: id, prompt_id: this.#promptId, ...this.#ids(id) },
      ]),
    );
    this.#sink.send("progress_state", { prompt_id: this.#promptId, nodes }, this.#clientId);
  }

  #ids(nodeId: string): JsonObject {
    const root = this.#graph.rootOf(nodeId);
    return { display_node_id: root, parent_node_id: this.#graph.parentOf(nodeId), real_node_id: root };
  }
}
