import type { Raster } from "../values.ts";

/** Writes bits from the least significant up, as VP8L reads them. */
class BitWriter {
  readonly #bytes: Buffer;
  #length = 0;
  #buffer = 0;
  #count = 0;

  constructor(maxBytes: number) {
    this.#bytes = Buffer.alloc(maxBytes);
  }

  write(value: number, bits: number): void {
    this.#buffer |= value << this.#count;
    this.#count += bits;
    for (; this.#count >= 8; this.#count -= 8) {
      this.#bytes[this.#length] = this.#buffer & 0xff;
      this.#length += 1;
      this.#buffer >>>= 8;
    }
  }

  finish(): Buffer {
    if (this.#count > 0) this.write(0, 8 - this.#count);
    return this.#bytes.subarray(0, this.#length);
  }
}

const reversed = Uint8Array.from({ length: 256 }, (_, byte) => {
  let result = 0;
  for (let bit = 0; bit < 8; bit += 1) result |= ((byte >> bit) & 1) << (7 - bit);
  return result;
});

/** A prefix code of one symbol, which then takes no bits at all. */
function writeSingleSymbol(bits: BitWriter, symbol: number): void {
  bits.write(1, 1);
  bits.write(0, 1);
  bits.write(1, 1);
  bits.write(symbol, 8);
}

/** A prefix code in which each of the first 256 symbols takes 8 bits: the pixels are stored as they are. */
function writeByteCode(bits: BitWriter): void {
  bits.write(0, 1);
  // Twelve code lengths are listed, in the fixed order 17 18 0 1 2 3 4 5 16 6 7 8; only "8" is used, so it costs no bits.
  bits.write(12 - 4, 4);
  for (let index = 0; index < 12; index += 1) bits.write(index === 11 ? 1 : 0, 3);
  // Lengths are given for 256 symbols: a field of 2 + 2·3 bits holds 256 − 2.
  bits.write(1, 1);
  bits.write(3, 3);
  bits.write(254, 8);
}

/** One picture as a VP8L bitstream without transforms; a channel of one value costs nothing. */
function vp8l({ width, height, rgb }: Raster): Buffer {
  const bits = new BitWriter(width * height * 3 + 64);
  bits.write(0x2f, 8);
  bits.write(width - 1, 14);
  bits.write(height - 1, 14);
  bits.write(0, 1);
  bits.write(0, 3);
  // No transform, no colour cache, one set of codes.
  bits.write(0, 1);
  bits.write(0, 1);
  bits.write(0, 1);
  const order = [1, 0, 2];
  const uniform = order.map((channel) => isUniform(rgb, channel));
  for (const [index, channel] of order.entries()) {
    if (uniform[index] === true) writeSingleSymbol(bits, rgb[channel] ?? 0);
    else writeByteCode(bits);
  }
  writeSingleSymbol(bits, 255);
  writeSingleSymbol(bits, 0);
  const stored = order.filter((_, index) => uniform[index] !== true);
  if (stored.length > 0) {
    for (let at = 0; at < rgb.length; at += 3) for (const channel of stored) bits.write(reversed[rgb[at + channel] ?? 0] ?? 0, 8);
  }
  return bits.finish();
}

function isUniform(rgb: Uint8Array, channel: number): boolean {
  for (let at = channel; at < rgb.length; at += 3) if (rgb[at] !== rgb[channel]) return false;
  return true;
}

function chunk(type: string, data: Uint8Array): Buffer {
  const padded = data.byteLength + (data.byteLength % 2);
  const bytes = Buffer.alloc(8 + padded);
  bytes.write(type, 0, "latin1");
  bytes.writeUInt32LE(data.byteLength, 4);
  bytes.set(data, 8);
  return bytes;
}

function riff(chunks: readonly Buffer[]): Buffer {
  const content = Buffer.concat([Buffer.from("WEBP", "latin1"), ...chunks]);
  return chunk("RIFF", content);
}

function animationFrame(raster: Raster, durationMs: number): Buffer {
  const header = Buffer.alloc(16);
  header.writeUIntLE(raster.width - 1, 6, 3);
  header.writeUIntLE(raster.height - 1, 9, 3);
  header.writeUIntLE(durationMs, 12, 3);
  return chunk("ANMF", Buffer.concat([header, chunk("VP8L", vp8l(raster))]));
}

/** A lossless WebP: a still of one frame, an endless animation of more. @param durationMs of each frame */
export function encodeWebp(frames: readonly Raster[], durationMs: number): Buffer {
  const [first] = frames;
  if (first === undefined) return riff([]);
  if (frames.length === 1) return riff([chunk("VP8L", vp8l(first))]);
  const header = Buffer.alloc(10);
  header[0] = 0b10;
  header.writeUIntLE(first.width - 1, 4, 3);
  header.writeUIntLE(first.height - 1, 7, 3);
  return riff([chunk("VP8X", header), chunk("ANIM", Buffer.alloc(6)), ...frames.map((frame) => animationFrame(frame, durationMs))]);
}
