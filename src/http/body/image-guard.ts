import { AppError } from "../../errors/app-error.ts";
import type { HttpLimits } from "../deps.ts";
import { imageReader } from "./image-size.ts";

/** Longest side: what texture memory and most decoders take. */
const maxSide = 16_384;

/** A photo's profile and preview come before its size, in segments of 64 KiB each; a few of them fit. */
const maxHeadBytes = 1024 * 1024;

/** All kinds are told apart by so many first bytes. */
const kindBytes = 32;

type Limits = Pick<HttpLimits, "maxImageBytes" | "maxImagePixels">;

/** @returns what is wrong, in words; "more" when more bytes are needed to know; null when all is well */
function fault(head: Buffer, { maxImagePixels }: Limits): { readonly words: string } | "more" | null {
  const read = imageReader(head);
  if (read === null) return null;
  const size = read(head);
  if (size === null) return "more";
  if (size.width <= maxSide && size.height <= maxSide && size.width * size.height <= maxImagePixels) return null;
  return { words: `The image is ${size.width} × ${size.height} pixels; at most ${maxImagePixels} are taken, and no side above ${maxSide}.` };
}

function check(head: Buffer, limits: Limits, isWhole: boolean): boolean {
  const found = fault(head, limits);
  if (found === null) return true;
  if (found !== "more") throw new AppError("invalid_file", found.words);
  if (isWhole || head.length >= maxHeadBytes) throw new AppError("invalid_file", "The size of the image cannot be read from its beginning.");
  return false;
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
      isImage = imageReader(head) !== null;
      isKnown = check(head, limits, false);
    }
    if (isImage && size > limits.maxImageBytes) throw new AppError("payload_too_large", `An image may have at most ${limits.maxImageBytes} bytes.`);
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
