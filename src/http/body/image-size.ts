import { heifSize, isHeif } from "./heif-size.ts";
import { extentOf, type ImageExtent } from "./image-extent.ts";

/** null when more of the file is needed. */
type Reader = (head: Buffer) => ImageExtent | null;

function has(head: Buffer, at: number, text: string): boolean {
  return head.length >= at + text.length && head.toString("latin1", at, at + text.length) === text;
}

/** IHDR comes first, always (PNG, third edition, §5.6): readers that are not strict would take it from further behind. */
function png(head: Buffer): ImageExtent | null {
  return head.length < 24 || !has(head, 12, "IHDR") ? null : extentOf(head.readUInt32BE(16), head.readUInt32BE(20));
}

function gif(head: Buffer): ImageExtent | null {
  return head.length < 10 ? null : extentOf(head.readUInt16LE(6), head.readUInt16LE(8));
}

/** The oldest kind of header, of 12 bytes, has short sides; a height below zero says that rows go down. */
function bmp(head: Buffer): ImageExtent | null {
  if (head.length < 26) return null;
  if (head.readUInt32LE(14) === 12) return extentOf(head.readUInt16LE(18), head.readUInt16LE(20));
  return extentOf(Math.abs(head.readInt32LE(18)), Math.abs(head.readInt32LE(22)));
}

/** The first frame header; segments before it are passed over by their length (ITU T.81, annex B). */
function jpeg(head: Buffer): ImageExtent | null {
  for (let at = 2; at + 9 < head.length; ) {
    if (head[at] !== 0xff) return null;
    const marker = head[at + 1] ?? 0;
    const isFrame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
    if (isFrame) return extentOf(head.readUInt16BE(at + 7), head.readUInt16BE(at + 5));
    // Fill bytes, and markers that stand alone.
    at += marker === 0xff ? 1 : marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8) ? 2 : 2 + Math.max(2, head.readUInt16BE(at + 2));
  }
  return null;
}

/** The three kinds of first chunk (WebP container specification). */
function webp(head: Buffer): ImageExtent | null {
  if (head.length < 30) return null;
  if (has(head, 12, "VP8X")) return extentOf(head.readUIntLE(24, 3) + 1, head.readUIntLE(27, 3) + 1);
  if (has(head, 12, "VP8 ")) return extentOf(head.readUInt16LE(26) & 0x3fff, head.readUInt16LE(28) & 0x3fff);
  const bits = head.readUInt32LE(21);
  return extentOf((bits & 0x3fff) + 1, ((bits >>> 14) & 0x3fff) + 1);
}

/** How to measure what a file begins like; null when it is no picture of these kinds. TIFF is not one of them: see tiff-size.ts. */
export function imageReader(head: Buffer): Reader | null {
  if (has(head, 0, "\x89PNG\r\n\x1a\n")) return png;
  if (has(head, 0, "\xff\xd8\xff")) return jpeg;
  if (has(head, 0, "GIF8")) return gif;
  if (has(head, 0, "RIFF") && has(head, 8, "WEBP")) return webp;
  if (has(head, 0, "BM") && head.length >= 26 && head.readUInt32LE(6) === 0) return bmp;
  if (isHeif(head)) return heifSize;
  return null;
}
