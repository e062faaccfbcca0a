import { latin1, looseText, u16be, u16le, u32be, u32le } from "./byte-order.ts";
import { type MetadataText, maxMetadataBytes } from "./metadata-text.ts";

const userComment = 0x9286;
const exifDirectory = 0x8769;
/** BYTE, ASCII and UNDEFINED: the types that text comes in, of one byte an element. */
const textTypes: ReadonlySet<number> = new Set([1, 2, 7]);
/** A directory that a program wrote has some twenty entries. */
const maxEntries = 1_000;

function textOf(bytes: Uint8Array): string {
  const end = bytes.lastIndexOf(0) === bytes.length - 1 ? bytes.length - 1 : bytes.length;
  return looseText(bytes.subarray(0, end)).replace(/\0+$/, "");
}

/** EXIF marks the character set of a user comment with eight bytes. */
function commentText(bytes: Uint8Array, little: boolean): string {
  const charset = latin1(bytes, 0, 8);
  const rest = bytes.subarray(8);
  if (charset.startsWith("UNICODE")) {
    const zeroFirst = rest[0] === 0;
    return new TextDecoder(zeroFirst || (!little && rest[1] !== 0) ? "utf-16be" : "utf-16le").decode(rest);
  }
  return textOf(charset.startsWith("ASCII") || charset.startsWith("\0") ? rest : bytes);
}

/**
 * The texts of an EXIF block, which is a small TIFF file. ComfyUI's front end and its SaveAnimatedWEBP write
 * `prompt:{…}` into Model (0x0110) and `workflow:{…}` into Make (0x010f) and the tags below it; the word before the
 * first colon becomes the key. Other programs use the user comment.
 */
export function readExif(block: Uint8Array): MetadataText[] {
  const tiff = latin1(block, 0, 6) === "Exif\0\0" ? block.subarray(6) : block;
  const order = latin1(tiff, 0, 2);
  if (order !== "II" && order !== "MM") return [];
  const little = order === "II";
  const u16 = little ? u16le : u16be;
  const u32 = little ? u32le : u32be;
  const texts: MetadataText[] = [];
  let room = maxMetadataBytes;
  const directories = [u32(tiff, 4)];
  // The first directory and the one that it names: no chain, so no cycle.
  for (let walked = 0; walked < Math.min(directories.length, 2); walked += 1) {
    const at = directories[walked] ?? 0;
    const count = at === 0 ? 0 : Math.min(u16(tiff, at), maxEntries);
    for (let entry = at + 2; entry < at + 2 + count * 12 && entry + 12 <= tiff.length; entry += 12) {
      const tag = u16(tiff, entry);
      if (tag === exifDirectory) directories.push(u32(tiff, entry + 8));
      const length = u32(tiff, entry + 4);
      if (!textTypes.has(u16(tiff, entry + 2)) || length < 8 || length > room) continue;
      room -= length;
      const start = u32(tiff, entry + 8);
      const value = tiff.subarray(start, start + length);
      const text = tag === userComment ? commentText(value, little) : textOf(value);
      const named = /^\s*([A-Za-z_]{1,40})\s*:\s*/.exec(text);
      texts.push(named === null ? { key: "", text } : { key: named[1] ?? "", text: text.slice(named[0].length) });
    }
  }
  return texts;
}
