import { buffer } from "node:stream/consumers";
import { AppError } from "../../errors/app-error.ts";
import type { StoredFile } from "../../files/file-store.ts";
import { kindOf } from "../../files/media-type.ts";
import type { HttpFiles, HttpLimits } from "../deps.ts";
import type { ImageExtent } from "./image-extent.ts";
import { imageReader } from "./image-size.ts";
import { isTiff, tiffSize, type ReadAt } from "./tiff-size.ts";

/** Longest side: what texture memory and most decoders take. */
const maxSide = 16_384;

/** A photo's profile and preview come before its size, in segments of 64 KiB each; a few of them fit. */
const maxHeadBytes = 1024 * 1024;

/** What most images tell their size in. */
const firstBytes = 64 * 1024;

/** All kinds are told apart by so many first bytes. */
const kindBytes = 32;

type Limits = Pick<HttpLimits, "maxImageBytes" | "maxImagePixels">;

/** @throws {AppError} `invalid_file` when it is too large, or null */
function checkExtent(found: ImageExtent | null, { maxImagePixels }: Limits): void {
  if (found === null) throw new AppError("invalid_file", "The size of the image cannot be read from its beginning.");
  const { width, height, pixels } = found;
  if (width <= maxSide && height <= maxSide && pixels <= maxImagePixels) return;
  const all = pixels === width * height ? "" : `, and ${pixels} together`;
  throw new AppError("invalid_file", `The image is ${width} × ${height} pixels${all}; at most ${maxImagePixels} are taken, and no side above ${maxSide}.`);
}

/** @returns whether enough has come to know that all is well */
function check(head: Buffer, limits: Limits, isWhole: boolean): boolean {
  const read = imageReader(head);
  if (read === null) return true;
  const found = read(head);
  if (found === null && !isWhole && head.length < maxHeadBytes) return false;
  checkExtent(found, limits);
  return true;
}

function tooManyBytes({ maxImageBytes }: Limits): AppError {
  return new AppError("payload_too_large", `An image may have at most ${maxImageBytes} bytes.`);
}

async function extentOfStored(file: StoredFile, readAt: ReadAt): Promise<ImageExtent | "no image" | null> {
  const head = await readAt(0, firstBytes);
  if (isTiff(head)) return tiffSize(readAt);
  const read = imageReader(head);
  if (read !== null) return read(head) ?? (file.size > head.length ? read(await readAt(0, maxHeadBytes)) : null);
  // SVG is text, with no pixels of its own.
  if (kindOf(file.contentType, file.extension) !== "image" || file.extension === "svg") return "no image";
  throw new AppError("invalid_file", `The size of ${file.contentType} cannot be told beforehand. Send the image as PNG, JPEG, WebP, GIF, BMP, TIFF, AVIF or HEIC.`);
}

/**
 * Holds an image that is kept already to the same limits: an output of a job that is to be an input of another was never
 * measured, and TIFF can be only now. What is not told to be an image passes.
 *
 * @throws {AppError} `invalid_file`, `payload_too_large`
 */
export async function checkStoredImage(file: StoredFile, files: Pick<HttpFiles, "read">, limits: Limits): Promise<void> {
  if (file.size === 0) return;
  const readAt: ReadAt = async (start, length) => (start >= file.size || length === 0 ? Buffer.alloc(0) : buffer(await files.read(file.id, { start, end: Math.min(start + length, file.size) - 1 })));
  const found = await extentOfStored(file, readAt);
  if (found === "no image") return;
  checkExtent(found, limits);
  if (file.size > limits.maxImageBytes) throw tooManyBytes(limits);
}

/**
 * Passes bytes on, and breaks off an image that is too large: in bytes, or in pixels by what its header says. A file of
 * some kilobytes can claim gigapixels, and whoever opens it would unpack them all.
 */
export async function* guardImages(content: AsyncIterable<unknown>, limits: Limits): AsyncGenerator<Uint8Array> {
  let held: Uint8Array[] = [];
  let size = 0;
  let isKnown = false;
  let isImage = false;
  for await (const chunk of content) {
    if (!(chunk instanceof Uint8Array)) throw new TypeError("a body is bytes");
    size += chunk.byteLength;
    if (!isKnown) {
      held.push(chunk);
      if (size < kindBytes) continue;
      const head = Buffer.concat(held);
      held = [head];
      isImage = imageReader(head) !== null || isTiff(head);
      isKnown = check(head, limits, false);
    }
    if (isImage && size > limits.maxImageBytes) throw tooManyBytes(limits);
    if (!isKnown) continue;
    for (const each of held) yield each;
    if (held.length === 0) yield chunk;
    held = [];
  }
  if (!isKnown && size > 0) {
    const head = Buffer.concat(held);
    check(head, limits, true);
    yield head;
  }
}
