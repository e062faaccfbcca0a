import { extentOf, together, type ImageExtent } from "./image-extent.ts";

/** Resolves the bytes from a place in the file: fewer at its end. */
export type ReadAt = (start: number, length: number) => Promise<Buffer>;

/** A scan has some hundred pages; a chain that goes on is there to keep us busy. */
const maxPages = 1_000;

/** Of one page: TIFF/EP and GeoTIFF have less than two hundred. */
const maxEntries = 1_024;

const widthTag = 256;
const heightTag = 257;

/** Of TIFF (revision 6.0, §2) and BigTIFF; and the two spellings with a wrong version that Pillow opens all the same. */
export function isTiff(head: Buffer): boolean {
  return ["II*\0", "MM\0*", "II+\0", "MM\0+", "MM*\0", "II\0*"].includes(head.toString("latin1", 0, 4));
}

/** How numbers are laid out in one file. */
class Layout {
  readonly isBig: boolean;
  readonly #isLittle: boolean;

  constructor(header: Buffer) {
    this.#isLittle = header.toString("latin1", 0, 2) === "II";
    this.isBig = header.includes(0x2b, 2);
  }

  short(bytes: Buffer, at: number): number {
    return this.#isLittle ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at);
  }

  long(bytes: Buffer, at: number): number {
    return this.#isLittle ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at);
  }

  /** An offset, or a count of entries in BigTIFF. */
  wide(bytes: Buffer, at: number): number {
    if (!this.isBig) return this.long(bytes, at);
    return Number(this.#isLittle ? bytes.readBigUInt64LE(at) : bytes.readBigUInt64BE(at));
  }

  /** The one whole number of an entry; null when it is something else. */
  value(entry: Buffer): number | null {
    const [count, at] = this.isBig ? [this.wide(entry, 4), 12] : [this.long(entry, 4), 8];
    const type = this.short(entry, 2);
    if (count !== 1) return null;
    if (type === 3) return this.short(entry, at);
    if (type === 4) return this.long(entry, at);
    return type === 16 && this.isBig ? this.wide(entry, at) : null;
  }
}

interface Page {
  readonly size: ImageExtent;
  /** Where the next one is; 0 after the last. */
  readonly next: number;
}

async function pageAt(at: number, layout: Layout, readAt: ReadAt): Promise<Page | null> {
  const [countBytes, entryBytes, offsetBytes] = layout.isBig ? [8, 20, 8] : [2, 12, 4];
  const counted = await readAt(at, countBytes);
  if (counted.length < countBytes) return null;
  const count = layout.isBig ? layout.wide(counted, 0) : layout.short(counted, 0);
  if (count > maxEntries) return null;
  const body = await readAt(at + countBytes, count * entryBytes + offsetBytes);
  if (body.length < count * entryBytes + offsetBytes) return null;
  const sides = new Map<number, number>();
  for (let n = 0; n < count; n += 1) {
    const entry = body.subarray(n * entryBytes, (n + 1) * entryBytes);
    const tag = layout.short(entry, 0);
    if (tag !== widthTag && tag !== heightTag) continue;
    const value = layout.value(entry);
    if (value === null) return null;
    // Readers differ in which of two they believe.
    sides.set(tag, Math.max(value, sides.get(tag) ?? 0));
  }
  const [width, height] = [sides.get(widthTag), sides.get(heightTag)];
  return width === undefined || height === undefined ? null : { size: extentOf(width, height), next: layout.wide(body, count * entryBytes) };
}

/**
 * All pages of a TIFF file: ComfyUI unpacks them all. They may lie anywhere in it, the first one too, which is why this
 * needs the whole file.
 *
 * @returns null when they cannot be read, or are too many
 */
export async function tiffSize(readAt: ReadAt): Promise<ImageExtent | null> {
  const header = await readAt(0, 16);
  if (header.length < 16) return null;
  const layout = new Layout(header.subarray(0, 4));
  const pages: ImageExtent[] = [];
  for (let at = layout.wide(header, layout.isBig ? 8 : 4); at !== 0; ) {
    const page: Page | null = pages.length < maxPages && Number.isSafeInteger(at) ? await pageAt(at, layout, readAt) : null;
    if (page === null) return null;
    pages.push(page.size);
    at = page.next;
  }
  return together(pages);
}
