import { looseText } from "./byte-order.ts";
import type { MetadataText } from "./metadata-text.ts";

const ids = {
  ebml: 0x1a45dfa3,
  segment: 0x18538067,
  cluster: 0x1f43b675,
  tags: 0x1254c367,
  tag: 0x7373,
  simpleTag: 0x67c8,
  tagName: 0x45a3,
  tagString: 0x4487,
} as const;

/** Elements that are walked into instead of past. */
const containers: ReadonlySet<number> = new Set([ids.segment, ids.tags, ids.tag, ids.simpleTag]);

/** An EBML number: the leading zeros of its first byte say how long it is. `keepMarker`: ids are written with that bit. */
function variableInt(bytes: Uint8Array, at: number, keepMarker: boolean): { readonly value: number; readonly length: number; readonly unknown: boolean } | undefined {
  const first = bytes[at] ?? 0;
  const length = Math.clz32(first) - 23;
  if (length > 8 || at + length > bytes.length) return undefined;
  let value = keepMarker ? first : first & (0xff >> length);
  let ones = (first | (0xff << (8 - length) & 0xff)) === 0xff;
  for (let index = 1; index < length; index += 1) {
    const byte = bytes[at + index] ?? 0;
    value = value * 256 + byte;
    ones &&= byte === 0xff;
  }
  return { value, length, unknown: ones };
}

export function isMatroska(bytes: Uint8Array): boolean {
  return variableInt(bytes, 0, true)?.value === ids.ebml;
}

/** The simple tags of a Matroska or WebM file, wherever they stand; FFmpeg writes their names in capitals. */
export function readMatroska(bytes: Uint8Array): MetadataText[] {
  const texts: MetadataText[] = [];
  let key = "";
  for (let at = 0; at < bytes.length; ) {
    const id = variableInt(bytes, at, true);
    const size = id === undefined ? undefined : variableInt(bytes, at + id.length, false);
    if (id === undefined || size === undefined) break;
    const start = at + id.length + size.length;
    const walkedInto = containers.has(id.value) || size.unknown;
    const data = walkedInto ? bytes.subarray(start, start) : bytes.subarray(start, start + size.value);
    if (id.value === ids.simpleTag) key = "";
    if (id.value === ids.tagName) key = looseText(data);
    if (id.value === ids.tagString && key !== "") texts.push({ key, text: looseText(data).replace(/\0+$/, "") });
    // A live recording does not know how long a cluster is: its parts are walked one by one.
    at = walkedInto ? start : start + size.value;
  }
  return texts;
}
