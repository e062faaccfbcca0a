import type { FieldError } from "../errors/app-error.ts";
import type { Graph } from "../graph/graph.ts";
import type { BackendEvent } from "./event.ts";
import type { HistoryEntry, UiFile } from "./history.ts";
import type { ModelFile } from "./model-list.ts";

/** What became of a POST /prompt. */
export type Submission =
  /** `refused` names the outputs that ComfyUI dropped although it took the rest. */
  | { readonly outcome: "accepted"; readonly refused: readonly FieldError[] }
  | { readonly outcome: "rejected"; readonly detail: string; readonly errors: readonly FieldError[] }
  /** The connection was never made: ComfyUI cannot have it. */
  | { readonly outcome: "not-sent"; readonly cause: unknown }
  /** Sent, but no readable answer came: ComfyUI may or may not have it. Look it up; never send it again. */
  | { readonly outcome: "unknown"; readonly cause: unknown };

/** Where a prompt is in ComfyUI. `absent`: neither in the history nor in the queue, after looking twice. */
export type Whereabouts =
  | { readonly state: "finished"; readonly entry: HistoryEntry }
  | { readonly state: "running" }
  | { readonly state: "waiting" }
  | { readonly state: "absent" };

export interface BackendHealth {
  readonly reachable: boolean;
  /** Of the last change of `reachable`, milliseconds since the epoch. */
  readonly since: number;
  /** What a person should know when it is not reachable: no address, no path. */
  readonly reason: string | null;
  readonly version: string | null;
  readonly devices: readonly { readonly name: string; readonly type: string; readonly vramTotal: number; readonly vramFree: number }[];
  /** Running and waiting prompts of anyone, from the last status; null before the first. */
  readonly queueRemaining: number | null;
  /** Prompts wait and none runs: ComfyUI's worker has died, and it must be restarted. */
  readonly stalled: boolean;
}

/** One ComfyUI server. Every rejection is an AppError: `comfyui_unreachable` or `comfyui_unexpected`. */
export interface Backend {
  /** Begins probing and opens the socket. Never waits for ComfyUI. */
  start(): void;
  stop(): Promise<void>;
  health(): BackendHealth;
  /** Connections to the socket that were lost so far. */
  socketReconnects(): number;
  /** Called on each change of `reachable`. @returns a function that ends the subscription */
  onHealth(listener: (health: BackendHealth) => void): () => void;

  /**
   * @param promptId a fresh lower-case UUIDv4, stored by the caller before
   * @param written told when the operating system has all of the request, or it will never have
   */
  submit(params: { readonly graph: Graph; readonly promptId: string; readonly written?: () => void }): Promise<Submission>;
  locate(promptId: string): Promise<Whereabouts>;
  /** The events of one prompt, in order, while the socket lives; none are replayed. @returns a function that ends the subscription */
  onEvent(promptId: string, listener: (event: BackendEvent) => void): () => void;

  /** Puts a file into ComfyUI's input folder under `name` (a path of ours, e.g. `comfyui-api/<sha256>.png`). Skips what lies there already. */
  upload(params: { readonly name: string; readonly content: Blob }): Promise<void>;
  /** The bytes of an output, as they come; must be iterated. AppError `output_unavailable` when ComfyUI does not have it. */
  download(file: UiFile): Promise<AsyncIterable<Uint8Array>>;
  /** Stops this prompt if it runs, takes it out of the queue if it waits. */
  cancel(promptId: string): Promise<void>;
  /** Unloads all models and forgets what nodes have computed, once the running prompt has ended. */
  free(): Promise<void>;
  /**
   * What GET /object_info says, as text, so that 2^64−1 stays exact. ComfyUI answers nobody else while it lists its
   * models for this: ask when it became reachable, never by the clock.
   */
  objectInfo(): Promise<string>;
  /** Every model file of the host. Many requests to a ComfyUI that answers one at a time: keep what it says for a while. */
  models(): Promise<readonly ModelFile[]>;
}
