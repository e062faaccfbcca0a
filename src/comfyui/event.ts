import type { JsonValue } from "../json/exact.ts";

/** What ComfyUI tells of a running prompt, reduced to what the gateway uses. */
export type BackendEvent =
  | { readonly type: "started" }
  /** Nodes answered from the cache. */
  | { readonly type: "cached"; readonly nodeIds: readonly string[] }
  /** `nodeId` is the node of the graph that was sent, also for nodes that ComfyUI expanded from it. */
  | { readonly type: "node-started"; readonly nodeId: string }
  | { readonly type: "node-finished"; readonly nodeId: string }
  /** Of a sampler's or other node's own progress bar. */
  | { readonly type: "node-progress"; readonly nodeId: string; readonly value: number; readonly max: number }
  /** The UI dictionary of an output node, as ComfyUI sent it. */
  | { readonly type: "node-output"; readonly nodeId: string; readonly ui: JsonValue }
  | { readonly type: "preview"; readonly nodeId: string | null; readonly contentType: string; readonly image: Uint8Array }
  /** A node complained although the run may go on (comfyui-protocol.md §2.4). Never the end of a job. */
  | { readonly type: "node-error"; readonly nodeId: string; readonly classType: string; readonly message: string }
  /** Every node has run or came from the cache. The run is not over yet. */
  | { readonly type: "succeeded" }
  /** The run is over: its history entry is there. */
  | { readonly type: "ended" }
  /** The socket was lost: events are missing from here on. */
  | { readonly type: "gap" };
