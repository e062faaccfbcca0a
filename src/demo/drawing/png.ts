import { promisify } from "node:util";
import { crc32, deflate } from "node:zlib";
import { PNG } from "pngjs";
import type { Mask, Raster } from "../values.ts";

const deflated = promisify(deflate);
const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** Fast rather than small: pictures are looked at once. */
const compressionLevel = 1;
const filterUp = 2;

function chunk(type: string, data: Uint8Array): Buffer {
  const bytes = Buffer.alloc(12 + data.byteLength);
  bytes.writeUInt32BE(data.byteLength, 0);
  bytes.write(type, 4, "latin1");
  bytes.set(data, 8);
  bytes.writeUInt32BE(crc32(bytes.subarray(4, 8 + data.byteLength)), 8 + data.byteLength);
  return bytes;
}

/** JSON text in the ASCII that a tEXt chunk can hold. */
function asciiText(text: string): string {
  return text.replace(/[^\0-\x7f]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** Each row as the difference to the one above, which makes smooth pictures compress well. */
function filteredRows({ width, height, rgb }: Raster): Buffer {
  const stride = width * 3;
  const rows = Buffer.allocUnsafe(height * (stride + 1));
  for (let y = 0, to = 0, from = 0; y < height; y += 1) {
    rows[to] = y === 0 ? 0 : filterUp;
    to += 1;
    if (y === 0) rows.set(rgb.subarray(0, stride), to);
    else for (let x = 0; x < stride; x += 1) rows[to + x] = ((rgb[from + x] ?? 0) - (rgb[from + x - stride] ?? 0)) & 0xff;
    to += stride;
    from += stride;
  }
  return rows;
}

/** @param texts JSON by keyword, as ComfyUI writes `prompt` and `workflow` */
export async function encodePng(raster: Raster, texts: ReadonlyMap<string, string> = new Map()): Promise<Buffer> {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(raster.width, 0);
  header.writeUInt32BE(raster.height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const chunks = [...texts].map(([keyword, text]) => chunk("tEXt", Buffer.from(`${keyword}\0${asciiText(text)}`, "latin1")));
  const pixels = await deflated(filteredRows(raster), { level: compressionLevel });
  return Buffer.concat([signature, chunk("IHDR", header), ...chunks, chunk("IDAT", pixels), chunk("IEND", Buffer.alloc(0))]);
}

/** @returns null when the bytes are no PNG that can be read */
export function decodePng(bytes: Uint8Array): { readonly raster: Raster; readonly alpha: Mask } | null {
  try {
    const { width, height, data } = PNG.sync.read(Buffer.from(bytes));
    const rgb = new Uint8Array(width * height * 3);
    const levels = new Uint8Array(width * height);
    for (let pixel = 0; pixel < width * height; pixel += 1) {
      rgb[pixel * 3] = data[pixel * 4] ?? 0;
      rgb[pixel * 3 + 1] = data[pixel * 4 + 1] ?? 0;
      rgb[pixel * 3 + 2] = data[pixel * 4 + 2] ?? 0;
      levels[pixel] = data[pixel * 4 + 3] ?? 255;
    }
    return { raster: { width, height, rgb }, alpha: { width, height, levels } };
  } catch (error) {
    // pngjs throws plain errors for whatever it does not like in the file.
    if (error instanceof Error) return null;
    throw error;
  }
}
