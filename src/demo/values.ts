import type { JsonValue } from "../json/exact.ts";

/** Pixels of one picture: 3 bytes (R, G, B) a pixel, rows from the top. */
export interface Raster {
  readonly width: number;
  readonly height: number;
  readonly rgb: Uint8Array;
}

/** One byte a pixel, rows from the top; 255 is 1.0. */
export interface Mask {
  readonly width: number;
  readonly height: number;
  readonly levels: Uint8Array;
}

/** What stands in for a tensor in latent space: enough to draw a picture that tells what was asked for. */
export interface Latent {
  readonly width: number;
  readonly height: number;
  readonly batch: number;
  /** Text of the positive conditioning it was sampled with. */
  readonly text: string;
  /** null until it was sampled. */
  readonly seed: bigint | null;
  /** Pictures it was encoded from, when it was. */
  readonly pixels: readonly Raster[] | null;
}

/** What travels along a link. */
export type Value =
  | { readonly kind: "image"; readonly frames: readonly Raster[] }
  | { readonly kind: "mask"; readonly mask: Mask }
  | { readonly kind: "latent"; readonly latent: Latent }
  | { readonly kind: "conditioning"; readonly text: string }
  | { readonly kind: "video"; readonly frames: readonly Raster[]; readonly fps: number }
  | { readonly kind: "audio"; readonly seconds: number; readonly sampleRate: number; readonly channels: number }
  /** A model, CLIP, VAE or ControlNet: nothing but its name. */
  | { readonly kind: "model"; readonly name: string }
  /** A Python float, which `str()` writes with a point even when it is whole. */
  | { readonly kind: "float"; readonly value: number }
  | { readonly kind: "literal"; readonly value: JsonValue }
  /** Stops the nodes that take it; with a message, they complain (comfyui-protocol.md §2.4). */
  | { readonly kind: "blocker"; readonly message: string | null };

export function literal(value: JsonValue): Value {
  return { kind: "literal", value };
}
