import { buffer } from "node:stream/consumers";
import { PNG } from "pngjs";
import { expect, it } from "vitest";
import { guardImages } from "./image-guard.ts";

const limits = { maxImageBytes: 1_000, maxImagePixels: 1_000_000 };

async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function passed(bytes: Uint8Array, size = 7): Promise<Buffer> {
  return buffer(guardImages(inPieces(bytes, size), limits));
}

/** A header that claims a size. */
const claims: Readonly<Record<string, (width: number, height: number) => Buffer>> = {
  png(width, height) {
    const bytes = PNG.sync.write(new PNG({ width: 1, height: 1 }));
    bytes.writeUInt32BE(width, 16);
    bytes.writeUInt32BE(height, 20);
    return bytes;
  },
  jpeg(width, height) {
    const frame = Buffer.from("ffc0001108000000000301220002110103110100", "hex");
    frame.writeUInt16BE(height, 5);
    frame.writeUInt16BE(width, 7);
    return Buffer.concat([Buffer.from("ffd8ffe00010", "hex"), Buffer.alloc(14), frame]);
  },
  gif(width, height) {
    const bytes = Buffer.alloc(40);
    bytes.write("GIF89a", "latin1");
    bytes.writeUInt16LE(width, 6);
    bytes.writeUInt16LE(height, 8);
    return bytes;
  },
  webp(width, height) {
    const bytes = Buffer.alloc(40);
    bytes.write("RIFF\0\0\0\0WEBPVP8X", "latin1");
    bytes.writeUIntLE(width - 1, 24, 3);
    bytes.writeUIntLE(height - 1, 27, 3);
    return bytes;
  },
  bmp(width, height) {
    const bytes = Buffer.alloc(40);
    bytes.write("BM", "latin1");
    bytes.writeInt32LE(width, 18);
    bytes.writeInt32LE(-height, 22);
    return bytes;
  },
};

it.each(Object.keys(claims))("a %s that claims too many pixels is refused, and a small one passed on whole", async (kind) => {
  const make = claims[kind];
  if (make === undefined) throw new Error(`no ${kind}`);
  const small = make(640, 480);
  expect(await passed(small)).toEqual(small);
  expect(await passed(small, 1000)).toEqual(small);
  await expect(passed(make(1_001, 1_000))).rejects.toMatchObject({ code: "invalid_file", detail: expect.stringContaining("1001 × 1000") });
  await expect(passed(make(16_385, 1))).rejects.toMatchObject({ code: "invalid_file" });
});

it("an image of too many bytes is broken off, and another file is not", async () => {
  const picture = Buffer.concat([claims["png"]?.(10, 10) ?? Buffer.alloc(0), Buffer.alloc(1_000)]);
  await expect(passed(picture)).rejects.toMatchObject({ code: "payload_too_large" });
  const other = Buffer.alloc(5_000, "x");
  expect(await passed(other)).toEqual(other);
});

it("an image that hides its size is refused", async () => {
  await expect(passed(Buffer.from("ffd8ffe0ffff", "hex"))).rejects.toMatchObject({ code: "invalid_file" });
});

it.each([0, 1, 31, 32, 33])("%i bytes of anything come through as they are", async (length) => {
  const bytes = Buffer.alloc(length, "a");
  expect(await passed(bytes)).toEqual(bytes);
});
