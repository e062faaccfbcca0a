import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDiskFileStore } from "../../files/disk-file-store.ts";
import type { FileStore } from "../../files/file-store.ts";
import { claims, heicOf, tiffOf } from "./image-claims.test-kit.ts";
import { checkStoredImage, guardImages } from "./image-guard.ts";

const limits = { maxImageBytes: 1_000, maxImagePixels: 1_000_000 };

async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function passed(bytes: Uint8Array, size = 7): Promise<Buffer> {
  return buffer(guardImages(inPieces(bytes, size), limits));
}

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

it.each([
  ["jpeg that breaks off before it", Buffer.from("ffd8ffe0ffff", "hex")],
  ["png that begins with something else", Buffer.concat([Buffer.from("89504e470d0a1a0a0000000d74455874", "hex"), Buffer.alloc(40, 1)])],
  ["heic without one", heicOf()],
  ["heic that leads past its end", Buffer.concat([heicOf([1, 1]).subarray(0, 20), Buffer.from("ffffffff6d657461", "hex"), Buffer.alloc(100)])],
  ["heic of boxes without end", Buffer.concat([heicOf([1, 1]).subarray(0, 20), ...Array.from({ length: 20_000 }, () => Buffer.from("0000000866726565", "hex"))])],
])("a %s, and so hides its size, is refused", async (_what, bytes) => {
  await expect(buffer(guardImages(inPieces(bytes, 1_000), { ...limits, maxImageBytes: 1_000_000 }))).rejects.toMatchObject({ code: "invalid_file", detail: expect.stringContaining("cannot be read") });
});

it.each([0, 1, 31, 32, 33])("%i bytes of anything come through as they are", async (length) => {
  const bytes = Buffer.alloc(length, "a");
  expect(await passed(bytes)).toEqual(bytes);
});

describe("an image that is kept already", () => {
  let dir = "";
  let files: FileStore;
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), "comfyui-api-images-"));
    files = await openDiskFileStore({ dir });
  });
  afterAll(() => rm(dir, { recursive: true, force: true }));

  async function kept(bytes: Buffer, filename?: string): Promise<void> {
    const stored = await files.put(Readable.from([bytes]), { maxBytes: 10_000_000, ...(filename === undefined ? {} : { filename }) });
    await checkStoredImage(stored, files, { ...limits, maxImageBytes: 5_000_000 });
  }

  const tooLarge = { code: "invalid_file", detail: expect.stringContaining("pixels") };
  const unreadable = { code: "invalid_file", detail: expect.stringContaining("cannot be read") };

  it.each(Object.entries(claims))("is measured as a %s", async (_kind, make) => {
    await kept(make(640, 480));
    await expect(kept(make(1_001, 1_000))).rejects.toMatchObject({ code: "invalid_file", detail: expect.stringContaining("1001 × 1000") });
    await expect(kept(make(1, 16_385))).rejects.toMatchObject({ code: "invalid_file" });
  });

  it.each([
    ["little-endian", {}],
    ["big-endian", { isLittle: false }],
    ["of short sides", { type: 3 }],
    ["big-endian of short sides", { isLittle: false, type: 3 }],
    ["BigTIFF", { isBig: true }],
    ["big-endian BigTIFF of the longest sides", { isBig: true, isLittle: false, type: 16 }],
    ["with its pixels before the page", { before: 2_000_000 }],
  ])("is measured as a TIFF, %s", async (_kind, parts) => {
    await kept(tiffOf({ ...parts, pages: [[640, 480]] }));
    await expect(kept(tiffOf({ ...parts, pages: [[1_001, 1_000]] }))).rejects.toMatchObject({ code: "invalid_file", detail: expect.stringContaining("1001 × 1000") });
    await expect(kept(tiffOf({ ...parts, pages: [[16_385, 1]] }))).rejects.toMatchObject(tooLarge);
  });

  it("is all pages of a TIFF together", async () => {
    const page = [700, 700] as const;
    await kept(tiffOf({ pages: [page, page] }));
    await expect(kept(tiffOf({ pages: [page, page, page] }))).rejects.toMatchObject({ code: "invalid_file", detail: expect.stringContaining("1470000 together") });
  });

  it("is refused as a TIFF whose pages go round in a ring, lead nowhere, or say no plain size", async () => {
    const pages = [[1, 1]] as const;
    for (const bytes of [tiffOf({ pages, leadsTo: 8 }), tiffOf({ pages, leadsTo: 1_000_000 }), tiffOf({ pages: [] }), tiffOf({ pages, type: 5 }), Buffer.from("II*\0")]) {
      await expect(kept(bytes)).rejects.toMatchObject(unreadable);
    }
  });

  it("is measured as a TIFF also under a version that is misspelt, as lenient readers open it", async () => {
    const bytes = tiffOf({ pages: [[1_001, 1_000]] });
    bytes.write("II\0*", "latin1");
    await expect(kept(bytes)).rejects.toMatchObject(tooLarge);
  });

  it("is refused where its kind cannot be measured", async () => {
    for (const begin of ["38425053", "00000100 0100", "0000000c6a5020200d0a870a000000146674797 06a703220", "ff4fff51", "ff0a"].map((hex) => hex.replaceAll(" ", ""))) {
      await expect(kept(Buffer.concat([Buffer.from(begin, "hex"), Buffer.alloc(100)]))).rejects.toMatchObject({ code: "invalid_file", detail: expect.stringContaining("Send the image as PNG") });
    }
  });

  it("may have so many bytes, and what is no image more", async () => {
    await expect(kept(Buffer.concat([heicOf([1, 1]), Buffer.alloc(5_000_000)]))).rejects.toMatchObject({ code: "payload_too_large" });
    await expect(kept(tiffOf({ pages: [[1, 1]], before: 5_000_000 }))).rejects.toMatchObject({ code: "payload_too_large" });
    await kept(Buffer.alloc(6_000_000, "x"));
    await kept(Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'), "a.svg");
    await kept(Buffer.alloc(0));
  });
});
