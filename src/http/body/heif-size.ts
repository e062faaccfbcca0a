import { extentOf, largest, type ImageExtent } from "./image-extent.ts";

/** Major brands of AVIF and HEIC files (ISO/IEC 23008-12, annex B, and the AVIF specification): one picture, or a sequence of them. */
const pictureBrands = ["avif", "mif1", "mif2", "heic", "heix", "heim", "heis", "miaf"];
const sequenceBrands = ["avis", "msf1", "hevc", "hevx", "hevm", "hevs"];

/** Of all boxes together: real files have dozens. */
const maxBoxes = 10_000;

interface Box {
  readonly type: string;
  /** Of its content. */
  readonly start: number;
  /** Of the box; may lie behind what is there. */
  readonly end: number;
}

function typeAt(head: Buffer, at: number): string {
  return head.toString("latin1", at, at + 4);
}

/** Whether a file begins as AVIF or HEIC do. */
export function isHeif(head: Buffer): boolean {
  return head.length >= 12 && typeAt(head, 4) === "ftyp" && [...pictureBrands, ...sequenceBrands].includes(typeAt(head, 8));
}

/** Boxes between two places, as far as their headers are there (ISO/IEC 14496-12, §4.2). */
class Boxes {
  readonly #head: Buffer;
  #left = maxBoxes;

  constructor(head: Buffer) {
    this.#head = head;
  }

  *between(start: number, end: number): Generator<Box> {
    for (let at = start; at + 8 <= Math.min(end, this.#head.length); ) {
      if ((this.#left -= 1) < 0) return;
      const short = this.#head.readUInt32BE(at);
      if (short === 1 && at + 16 > this.#head.length) return;
      const size = short === 1 ? Number(this.#head.readBigUInt64BE(at + 8)) : short === 0 ? Infinity : short;
      const header = short === 1 ? 16 : 8;
      if (size < header) return;
      yield { type: typeAt(this.#head, at + 4), start: at + header, end: Math.min(at + size, end) };
      at += size;
    }
  }

  /** All that lie under a path of types. @param skip bytes before the boxes inside a box of a type */
  *under(box: Box, path: readonly string[], skip: Readonly<Record<string, number>> = {}): Generator<Box> {
    const [type, ...rest] = path;
    if (type === undefined) yield box;
    else for (const inner of this.between(box.start + (skip[box.type] ?? 0), box.end)) if (inner.type === type) yield* this.under(inner, rest, skip);
  }
}

/** Sizes of the items: of the picture, its tiles, its thumbnails. */
function itemSizes(head: Buffer, boxes: Boxes, meta: Box): readonly ImageExtent[] {
  const found = [...boxes.under(meta, ["iprp", "ipco", "ispe"], { meta: 4 })].filter(({ start, end }) => end - start >= 12);
  return found.map(({ start }) => extentOf(head.readUInt32BE(start + 4), head.readUInt32BE(start + 8)));
}

/** Sizes of the tracks, by how their samples are described. */
function trackSizes(head: Buffer, boxes: Boxes, moov: Box): readonly ImageExtent[] {
  const tables = [...boxes.under(moov, ["trak", "mdia", "minf", "stbl", "stsd"])];
  const entries = tables.flatMap(({ start, end }) => [...boxes.between(start + 8, end)]).filter(({ start, end }) => end - start >= 28);
  return entries.map(({ start }) => extentOf(head.readUInt16BE(start + 24), head.readUInt16BE(start + 26)));
}

/**
 * The largest that an AVIF or HEIC file says it holds: not the first one, which a file with a second one behind it would
 * have us believe. null when more of it is needed.
 */
export function heifSize(head: Buffer): ImageExtent | null {
  const boxes = new Boxes(head);
  const isSequence = sequenceBrands.includes(typeAt(head, 8));
  const sizes: ImageExtent[] = [];
  for (const box of boxes.between(0, Infinity)) {
    if (box.type !== "meta" && box.type !== "moov") continue;
    if (box.end > head.length) return null;
    sizes.push(...(box.type === "meta" ? itemSizes(head, boxes, box) : trackSizes(head, boxes, box)));
    // What readers open: the tracks of a sequence, the items of a picture.
    if (box.type === (isSequence ? "moov" : "meta")) return largest(sizes);
  }
  return null;
}
