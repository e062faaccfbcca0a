import { latin1, looseText, u16be, u32be, u64be } from "./byte-order.ts";
import type { MetadataText } from "./metadata-text.ts";

interface Box {
  readonly type: string;
  /** The four bytes of the type as a number: in a key list they are an index. */
  readonly code: number;
  readonly data: Uint8Array;
}

/** The boxes of one level (ISO/IEC 14496-12, 4.2), as far as they lie within `bytes`. */
function boxes(bytes: Uint8Array): Box[] {
  const found: Box[] = [];
  for (let at = 0; at + 8 <= bytes.length; ) {
    const declared = u32be(bytes, at);
    const header = declared === 1 ? 16 : 8;
    const size = declared === 1 ? u64be(bytes, at + 8) : declared === 0 ? bytes.length - at : declared;
    if (size < header) break;
    found.push({ type: latin1(bytes, at + 4, 4), code: u32be(bytes, at + 4), data: bytes.subarray(at + header, at + size) });
    at += size;
  }
  return found;
}

function inside(level: readonly Box[], type: string): Box[] {
  return level.filter((box) => box.type === type);
}

/** The names of an mdta metadata box, by the index that its items use (1 is the first). */
function keyNames(keys: Uint8Array): string[] {
  // Version, flags and the count come first; each entry is laid out as a box is.
  return boxes(keys.subarray(8)).map((entry) => looseText(entry.data));
}

/** iTunes' own names for what others call comment and description. */
const itemNames: ReadonlyMap<string, string> = new Map([
  ["\u00a9cmt", "comment"],
  ["desc", "description"],
  ["ldes", "description"],
  ["\u00a9des", "description"],
]);

function readItems(list: Uint8Array, names: readonly string[]): MetadataText[] {
  return boxes(list).flatMap((item) => {
    const parts = boxes(item.data);
    const free = inside(parts, "name")[0];
    const key = free === undefined ? (names[item.code - 1] ?? itemNames.get(item.type)) : looseText(free.data.subarray(4));
    if (key === undefined) return [];
    // Type and locale, four bytes each, come before the value.
    return inside(parts, "data").map((data) => ({ key, text: looseText(data.data.subarray(8)) }));
  });
}

function readMeta(meta: Uint8Array): MetadataText[] {
  // In MP4 version and flags come first, in QuickTime they do not.
  const level = boxes(latin1(meta, 4, 4) === "hdlr" ? meta : meta.subarray(4));
  const names = inside(level, "keys").flatMap((keys) => keyNames(keys.data));
  return inside(level, "ilst").flatMap((list) => readItems(list.data, names));
}

/** QuickTime's user data: text after its length and language, both two bytes. */
function readUserData(level: readonly Box[]): MetadataText[] {
  return inside(level, "\u00a9cmt").map((box) => ({ key: "comment", text: looseText(box.data.subarray(4, 4 + u16be(box.data, 0))) }));
}

export function isMp4(bytes: Uint8Array): boolean {
  return ["ftyp", "moov", "wide", "mdat"].includes(latin1(bytes, 4, 4));
}

/** What FFmpeg writes as metadata of MP4, MOV and M4V: `moov/meta` or `moov/udta/meta`, by key list or as iTunes does. */
export function readMp4(bytes: Uint8Array): MetadataText[] {
  const movie = inside(boxes(bytes), "moov").flatMap((moov) => boxes(moov.data));
  const userData = inside(movie, "udta").flatMap((udta) => boxes(udta.data));
  const metas = [...inside(movie, "meta"), ...inside(userData, "meta")];
  return [...metas.flatMap((meta) => readMeta(meta.data)), ...readUserData(userData)];
}
