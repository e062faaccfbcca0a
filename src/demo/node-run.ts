import type { JsonObject } from "../json/exact.ts";
import type { FileTree } from "./file-tree.ts";
import type { Prompt } from "./prompt.ts";

/** An image that a node shows while it works. */
export interface PreviewImage {
  readonly format: "jpeg" | "png";
  readonly bytes: Uint8Array;
}

/** What a node sees of the run it is part of. */
export interface NodeRun {
  readonly nodeId: string;
  readonly files: FileTree;
  /** The graph as it was sent and validated, for metadata. */
  readonly prompt: Prompt;
  readonly extraPnginfo: JsonObject | undefined;
  /** The suffix of this process's temp names. */
  readonly tempSuffix: string;
  /** Whether samplers show previews, as `--preview-method` decides. */
  readonly wantsPreviews: boolean;
  /**
   * Takes one step's time, then reports it.
   * @throws {Interrupted} when the run was interrupted meanwhile
   */
  progress(value: number, max: number, preview?: PreviewImage): Promise<void>;
  /** A text frame to every socket (comfyui-protocol.md §2.5, type 3). */
  sendText(text: string, addressee: "owner" | "everyone"): void;
  /** The id of the n-th node that this call expands to, from 1. */
  ephemeralId(n: number): string;
}
