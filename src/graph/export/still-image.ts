import { latin1, u16be, u32le } from "./byte-order.ts";
import { readExif } from "./exif.ts";
import type { MetadataText } from "./metadata-text.ts";

export function isWebp(bytes: Uint8Array): boolean {
  return latin1(bytes, 0, 4) === "RIFF" && latin1(bytes, 8, 4) === "WEBP";
}

/** The EXIF chunk of a WebP, still or animated. */
export function readWebp(bytes: Uint8Array): MetadataText[] {
  for (let at = 12; at + 8 <= bytes.length; ) {
    const length = u32le(bytes, at + 4);
    if (latin1(bytes, at, 4) === "EXIF") return readExif(bytes.subarray(at + 8, at + 8 + length));
    // Chunks are padded to an even length.
    at += 8 + length + (length % 2);
  }
  return [];
}

export function isJpeg(bytes: Uint8Array): boolean {
  return bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff;
}

/** The EXIF segments of a JPEG, which some packs write as ComfyUI writes those of a WebP. */
export function readJpeg(bytes: Uint8Array): MetadataText[] {
  const texts: MetadataText[] = [];
  for (let at = 2; at + 4 <= bytes.length && bytes[at] === 0xff; ) {
    const marker = bytes[at + 1];
    // The picture itself begins: no segments follow.
    if (marker === 0xda || marker === 0xd9) break;
    const length = u16be(bytes, at + 2);
    if (marker === 0xe1) texts.push(...readExif(bytes.subarray(at + 4, at + 2 + length)));
    at += 2 + Math.max(length, 2);
  }
  return texts;
}
