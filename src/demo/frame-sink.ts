import type { JsonObject } from "../json/exact.ts";

/** Where the frames of a run go. A null client id is everyone (comfyui-protocol.md §2.2). */
export interface FrameSink {
  send(type: string, data: JsonObject, clientId: string | null): void;
  sendBytes(frame: Uint8Array, clientId: string | null): void;
  /** Whether this client flagged `supports_preview_metadata`. */
  takesPreviewMetadata(clientId: string | null): boolean;
}
