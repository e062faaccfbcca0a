export interface ImageSize {
  readonly width: number;
  readonly height: number;
}

/** A header may claim any size; a placeholder larger than this would eat the memory of the host. */
const maxPixels = 64 * 1024 * 1024;

/** Reads the size from the header of a JPEG, WebP or GIF. @returns null when it is none of them, broken, or absurdly large */
export function imageSize(bytes: Uint8Array): ImageSize | null {
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const size = gifSize(data) ?? webpSize(data) ?? jpegSize(data);
  if (size === null || size.width === 0 || size.height === 0) return null;
  return size.width * size.height > maxPixels ? null : size;
}

function gifSize(data: Buffer): ImageSize | null {
  if (data.byteLength < 10 || !/^GIF8[79]a$/.test(data.toString("latin1", 0, 6))) return null;
  return { width: data.readUInt16LE(6), height: data.readUInt16LE(8) };
}

function webpSize(data: Buffer): ImageSize | null {
  if (data.byteLength < 30 || data.toString("latin1", 0, 4) !== "RIFF" || data.toString("latin1", 8, 12) !== "WEBP") return null;
  const kind = data.toString("latin1", 12, 16);
  if (kind === "VP8X") return { width: data.readUIntLE(24, 3) + 1, height: data.readUIntLE(27, 3) + 1 };
  if (kind === "VP8 ") return { width: data.readUInt16LE(26) & 0x3fff, height: data.readUInt16LE(28) & 0x3fff };
  if (kind !== "VP8L") return null;
  const bits = data.readUInt32LE(21);
  return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
}

function jpegSize(data: Buffer): ImageSize | null {
  if (data.byteLength < 4 || data.readUInt16BE(0) !== 0xffd8) return null;
  let at = 2;
  while (at + 9 <= data.byteLength && data[at] === 0xff) {
    const marker = data[at + 1] ?? 0;
    // Start of frame: every one but the tables that share its range (DHT, JPG, DAC).
    if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) {
      return { height: data.readUInt16BE(at + 5), width: data.readUInt16BE(at + 7) };
    }
    at += 2 + data.readUInt16BE(at + 2);
  }
  return null;
}
