import { latin1, looseText, u32be, u32le } from "./byte-order.ts";
import { type MetadataText, maxMetadataBytes } from "./metadata-text.ts";

/** Vorbis comments, the same in FLAC, Opus and Vorbis: a vendor, then `KEY=value` strings, each after its length. */
function readVorbisComments(bytes: Uint8Array): MetadataText[] {
  const texts: MetadataText[] = [];
  let at = 4 + u32le(bytes, 0);
  const count = u32le(bytes, at);
  at += 4;
  for (let index = 0; index < count && at + 4 <= bytes.length; index += 1) {
    const length = u32le(bytes, at);
    const comment = looseText(bytes.subarray(at + 4, at + 4 + length));
    const equals = comment.indexOf("=");
    if (equals > 0) texts.push({ key: comment.slice(0, equals), text: comment.slice(equals + 1) });
    at += 4 + length;
  }
  return texts;
}

/** Seven bits a byte, as ID3 writes sizes. */
function syncsafe(bytes: Uint8Array, at: number): number {
  return [0, 1, 2, 3].reduce((size, index) => size * 128 + ((bytes[at + index] ?? 0) & 0x7f), 0);
}

function id3Length(bytes: Uint8Array): number {
  return latin1(bytes, 0, 3) === "ID3" ? 10 + syncsafe(bytes, 6) : 0;
}

export function isFlac(bytes: Uint8Array): boolean {
  return latin1(bytes, id3Length(bytes), 4) === "fLaC";
}

/** The Vorbis comments of a FLAC, where ComfyUI's SaveAudio puts `prompt` and `workflow`. */
export function readFlac(bytes: Uint8Array): MetadataText[] {
  for (let at = id3Length(bytes) + 4; at + 4 <= bytes.length; ) {
    const type = bytes[at] ?? 0;
    const length = u32be(bytes, at) % 0x100_0000;
    if ((type & 0x7f) === 4) return readVorbisComments(bytes.subarray(at + 4, at + 4 + length));
    if (type >= 0x80) break;
    at += 4 + length;
  }
  return [];
}

export function isOgg(bytes: Uint8Array): boolean {
  return latin1(bytes, 0, 4) === "OggS";
}

/** The second packet of an Ogg stream, put together from its pages: the comments of Opus and Vorbis. */
function commentPacket(bytes: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [];
  let packets = 0;
  let size = 0;
  for (let at = 0; latin1(bytes, at, 4) === "OggS" && size <= maxMetadataBytes; ) {
    const segments = bytes[at + 26] ?? 0;
    let data = at + 27 + segments;
    for (let index = 0; index < segments; index += 1) {
      const length = bytes[at + 27 + index] ?? 0;
      if (packets === 1) parts.push(bytes.subarray(data, data + length));
      size += length;
      data += length;
      // A segment shorter than 255 bytes ends its packet.
      if (length < 255) packets += 1;
      if (packets === 2) return Buffer.concat(parts);
    }
    at = data;
  }
  return Buffer.concat(parts);
}

export function readOgg(bytes: Uint8Array): MetadataText[] {
  const packet = commentPacket(bytes);
  if (latin1(packet, 0, 8) === "OpusTags") return readVorbisComments(packet.subarray(8));
  return latin1(packet, 1, 6) === "vorbis" ? readVorbisComments(packet.subarray(7)) : [];
}

export function isMp3(bytes: Uint8Array): boolean {
  return id3Length(bytes) > 0;
}

const id3Charsets = ["latin1", "utf-16", "utf-16be", "utf-8"] as const;

/** `key NUL value` in one of ID3's four character sets. */
function readUserText(frame: Uint8Array): MetadataText | undefined {
  const charset = id3Charsets[frame[0] ?? 0];
  if (charset === undefined) return undefined;
  const bytes = frame.subarray(1);
  if (charset === "latin1" || charset === "utf-8") {
    const [key, ...rest] = looseText(bytes).split("\0");
    return { key: key ?? "", text: rest.join("") };
  }
  // Each of the two strings has its own byte order mark.
  const little = charset === "utf-16" && bytes[0] === 0xff;
  const [key, ...rest] = new TextDecoder(little ? "utf-16le" : "utf-16be").decode(bytes).split("\0");
  return { key: key ?? "", text: rest.join("").replace(/^\uFEFF/, "") };
}

/** The TXXX frames of ID3v2.3 and 2.4, where FFmpeg puts the metadata of an MP3. */
export function readMp3(bytes: Uint8Array): MetadataText[] {
  const version = bytes[3] ?? 0;
  const texts: MetadataText[] = [];
  const end = Math.min(id3Length(bytes), bytes.length);
  const extended = ((bytes[5] ?? 0) & 0x40) === 0 ? 0 : version === 4 ? syncsafe(bytes, 10) : 4 + u32be(bytes, 10);
  for (let at = 10 + extended; at + 10 <= end && /^[A-Z][A-Z0-9]{3}$/.test(latin1(bytes, at, 4)); ) {
    const length = version === 4 ? syncsafe(bytes, at + 4) : u32be(bytes, at + 4);
    const text = latin1(bytes, at, 4) === "TXXX" ? readUserText(bytes.subarray(at + 10, Math.min(at + 10 + length, end))) : undefined;
    if (text !== undefined) texts.push(text);
    at += 10 + length;
  }
  return texts;
}
