import type { Raster } from "../values.ts";

/** Writes bits from the most significant down, with the exponential codes of H.264 (ITU-T H.264 §9.1). */
class BitWriter {
  readonly #bytes: number[] = [];
  #partial = 0;
  #count = 0;

  bits(value: number, count: number): this {
    for (let bit = count - 1; bit >= 0; bit -= 1) {
      this.#partial = (this.#partial << 1) | ((value >>> bit) & 1);
      this.#count += 1;
      if (this.#count === 8) {
        this.#bytes.push(this.#partial);
        this.#partial = 0;
        this.#count = 0;
      }
    }
    return this;
  }

  /** Unsigned exponential Golomb code. */
  ue(value: number): this {
    const length = 32 - Math.clz32(value + 1);
    return this.bits(0, length - 1).bits(value + 1, length);
  }

  alignWithZeros(): this {
    return this.#count === 0 ? this : this.bits(0, 8 - this.#count);
  }

  /** The stop bit, then zeros to a whole byte. */
  trailing(): this {
    return this.bits(1, 1).alignWithZeros();
  }

  toBuffer(): Buffer {
    return Buffer.from(this.#bytes);
  }
}

export interface H264Stream {
  readonly width: number;
  readonly height: number;
  readonly sequenceSet: Buffer;
  readonly pictureSet: Buffer;
  /** A NAL unit for each frame; a key frame stands by itself. */
  readonly frames: readonly { readonly unit: Buffer; readonly isKey: boolean }[];
}

/** Macroblocks that level 4.0 allows in a frame; larger ones need 5.2. */
const maxMacroblocksOfLevel40 = 8192;
const cell = 16;

/** Puts a 3 where two zero bytes would make the bytes after them look like a start code. */
function nalUnit(header: number, payload: Buffer): Buffer {
  const bytes = Buffer.alloc(1 + payload.byteLength + Math.ceil(payload.byteLength / 2) + 1);
  bytes[0] = header;
  let length = 1;
  let zeros = 0;
  for (const byte of payload) {
    if (zeros >= 2 && byte <= 3) {
      bytes[length] = 3;
      length += 1;
      zeros = 0;
    }
    bytes[length] = byte;
    length += 1;
    zeros = byte === 0 ? zeros + 1 : 0;
  }
  return bytes.subarray(0, length);
}

interface Grid {
  readonly columns: number;
  readonly rows: number;
}

function sequenceSet(width: number, height: number, { columns, rows }: Grid): Buffer {
  const level = columns * rows > maxMacroblocksOfLevel40 ? 52 : 40;
  const right = (columns * cell - width) / 2;
  const bottom = (rows * cell - height) / 2;
  const writer = new BitWriter().bits(66, 8).bits(0xc0, 8).bits(level, 8);
  // Ids, 4 bits of frame number, output in decoding order, one reference, no gaps.
  writer.ue(0).ue(0).ue(2).ue(1).bits(0, 1);
  writer.ue(columns - 1).ue(rows - 1).bits(1, 1).bits(1, 1);
  writer.bits(1, 1).ue(0).ue(right).ue(0).ue(bottom).bits(0, 1);
  return nalUnit(0x67, writer.trailing().toBuffer());
}

function pictureSet(): Buffer {
  const writer = new BitWriter().ue(0).ue(0).bits(0, 1).bits(0, 1).ue(0).ue(0).ue(0).bits(0, 1).bits(0, 2);
  return nalUnit(0x68, writer.ue(0).ue(0).ue(0).bits(1, 1).bits(0, 1).bits(0, 1).trailing().toBuffer());
}

function keyFrame(raster: Raster, grid: Grid, pictureId: number): Buffer {
  const header = new BitWriter().ue(0).ue(7).ue(0).bits(0, 4).ue(pictureId).bits(0, 2).ue(0).ue(1);
  // Type 25: the samples of the macroblock follow as they are.
  const first = header.ue(25).alignWithZeros().toBuffer();
  const between = new BitWriter().ue(25).alignWithZeros().toBuffer();
  const count = grid.columns * grid.rows;
  const payload = Buffer.alloc(first.byteLength + count * 384 + (count - 1) * between.byteLength + 1);
  payload.set(first);
  let at = first.byteLength;
  for (let macroblock = 0; macroblock < count; macroblock += 1) {
    if (macroblock > 0) {
      payload.set(between, at);
      at += between.byteLength;
    }
    writeSamples(payload, at, raster, (macroblock % grid.columns) * cell, Math.floor(macroblock / grid.columns) * cell);
    at += 384;
  }
  payload[at] = 0x80;
  return nalUnit(0x65, payload);
}

/** 256 luma samples, then 64 of each chroma, of the macroblock at `left`, `top` (BT.601, studio range); edges repeat. */
function writeSamples(target: Buffer, offset: number, { width, height, rgb }: Raster, left: number, top: number): void {
  for (let y = 0; y < cell; y += 1) {
    const row = Math.min(top + y, height - 1) * width;
    for (let x = 0; x < cell; x += 1) {
      const pixel = (row + Math.min(left + x, width - 1)) * 3;
      const red = rgb[pixel] ?? 0;
      const green = rgb[pixel + 1] ?? 0;
      const blue = rgb[pixel + 2] ?? 0;
      target[offset + y * cell + x] = 16 + ((66 * red + 129 * green + 25 * blue + 128) >> 8);
      if (y % 2 === 1 || x % 2 === 1) continue;
      const chroma = offset + 256 + (y / 2) * 8 + x / 2;
      target[chroma] = 128 + ((-38 * red - 74 * green + 112 * blue + 128) >> 8);
      target[chroma + 64] = 128 + ((112 * red - 94 * green - 18 * blue + 128) >> 8);
    }
  }
}

/** A frame equal to the one before: every macroblock is skipped. */
function repeatedFrame(grid: Grid, frameNumber: number): Buffer {
  const writer = new BitWriter().ue(0).ue(5).ue(0).bits(frameNumber % 16, 4).bits(0, 1).bits(0, 1).bits(0, 1).ue(0).ue(1);
  return nalUnit(0x41, writer.ue(grid.columns * grid.rows).trailing().toBuffer());
}

/**
 * Baseline H.264 without compression: pictures are stored as samples, repeated ones as nothing. Sides are rounded down to
 * even numbers, as 4:2:0 needs.
 */
export function encodeH264(rasters: readonly Raster[]): H264Stream {
  const width = Math.max(2, (rasters[0]?.width ?? 2) & ~1);
  const height = Math.max(2, (rasters[0]?.height ?? 2) & ~1);
  const grid = { columns: Math.ceil(width / cell), rows: Math.ceil(height / cell) };
  const frames: { readonly unit: Buffer; readonly isKey: boolean }[] = [];
  let keyFrames = 0;
  let sinceKey = 0;
  for (const [index, raster] of rasters.entries()) {
    const isKey = raster !== rasters[index - 1];
    sinceKey = isKey ? 0 : sinceKey + 1;
    frames.push({ unit: isKey ? keyFrame(raster, grid, keyFrames % 2) : repeatedFrame(grid, sinceKey), isKey });
    if (isKey) keyFrames += 1;
  }
  return { width, height, sequenceSet: sequenceSet(width, height, grid), pictureSet: pictureSet(), frames };
}
