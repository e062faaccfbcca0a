export interface ImageSize {
  readonly width: number;
  readonly height: number;
}

type Reader = (head: Buffer) => ImageSize | null;

function has(head: Buffer, at: number, text: string): boolean {
  return head.length >= at + text.length && head.toString("latin1", at, at + text.length) === text;
}

/** IHDR comes first, always (PNG, third edition, §5.6). */
function png(head: Buffer): ImageSize | null {
  return head.length < 24 ? null : { width: head.readUInt32BE(16), height: head.readUInt32BE(20) };
}

function gif(head: Buffer): ImageSize | null {
  return head.length < 10 ? null : { width: head.readUInt16LE(6), height: head.readUInt16LE(8) };
}

function bmp(head: Buffer): ImageSize | null {
  return head.length < 26 ? null : { width: Math.abs(head.readInt32LE(18)), height: Math.abs(head.readInt32LE(22)) };
}

/** The first frame header; segments before it are passed over by their length (ITU T.81, annex B). */
function jpeg(head: Buffer): ImageSize | null {
  for (let at = 2; at + 9 < head.length; ) {
    if (head[at] !== 0xff) return null;
    const marker = head[at + 1] ?? 0;
    const isFrame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
    if (isFrame) return { height: head.readUInt16BE(at + 5), width: head.readUInt16BE(at + 7) };
    // Fill bytes, and markers that stand alone.
    at += marker === 0xff ? 1 : marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8) ? 2 : 2 + Math.max(2, head.readUInt16BE(at + 2));
  }
  return null;
}

/** The three kinds of first chunk (WebP container specification). */
function webp(head: Buffer): ImageSize | null {
  if (head.length < 30) return null;
  if (has(head, 12, "VP8X")) return { width: head.readUIntLE(24, 3) + 1, height: head.readUIntLE(27, 3) + 1 };
  if (has(head, 12, "VP8 ")) return { width: head.readUInt16LE(26) & 0x3fff, height: head.readUInt16LE(28) & 0x3fff };
  const bits = head.readUInt32LE(21);
  return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
}

/** How to measure what a file begins like; null when it is no picture of these kinds. */
export function imageReader(head: Buffer): Reader | null {
  if (has(head, 0, "\x89PNG\r\n\x1a\n")) return png;
  if (has(head, 0, "\xff\xd8\xff")) return jpeg;
  if (has(head, 0, "GIF8")) return gif;
  if (has(head, 0, "RIFF") && has(head, 8, "WEBP")) return webp;
  if (has(head, 0, "BM") && head.length >= 26 && head.readUInt32LE(6) === 0) return bmp;
  return null;
}
