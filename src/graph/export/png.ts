import { inflateSync } from "node:zlib";
import { AppError } from "../../errors/app-error.ts";
import { indexOfByte, latin1, looseText, u32be } from "./byte-order.ts";
import { type MetadataText, maxMetadataBytes } from "./metadata-text.ts";

const signature = "\x89PNG\r\n\x1a\n";

/** Only these are inflated and read: pictures carry profiles, thumbnails and XMP of any size beside them. */
const wantedKeys: ReadonlySet<string> = new Set(["prompt", "workflow", "comment", "description", "parameters"]);

export function isPng(bytes: Uint8Array): boolean {
  return latin1(bytes, 0, 8) === signature;
}

function inflated(bytes: Uint8Array, key: string, room: number): Uint8Array {
  try {
    return inflateSync(bytes, { maxOutputLength: Math.max(room, 1) });
  } catch (error) {
    throw new AppError("invalid_export", `The compressed text “${key}” of the PNG is damaged or larger than 64 MB.`, { cause: error });
  }
}

/** The text of one chunk (PNG specification, 11.3.3), `undefined` for other chunks and other keys. */
function textOfChunk(type: string, data: Uint8Array, room: number): MetadataText | undefined {
  const keyEnd = indexOfByte(data, 0, 0);
  const key = latin1(data, 0, Math.min(keyEnd, 79));
  if (!wantedKeys.has(key.toLowerCase())) return undefined;
  switch (type) {
    case "tEXt":
    // ComfyUI's own, in animated PNGs: laid out as tEXt is, after the picture.
    case "comf":
      return { key, text: looseText(data.subarray(keyEnd + 1)) };
    case "zTXt":
      return { key, text: looseText(inflated(data.subarray(keyEnd + 2), key, room)) };
    case "iTXt": {
      const languageEnd = indexOfByte(data, 0, keyEnd + 3);
      const text = data.subarray(indexOfByte(data, 0, languageEnd + 1) + 1);
      return { key, text: looseText(data[keyEnd + 1] === 1 ? inflated(text, key, room) : text) };
    }
    default:
      return undefined;
  }
}

/** The text chunks `prompt`, `workflow` and the few others that programs put them in. */
export function readPng(bytes: Uint8Array): MetadataText[] {
  const texts: MetadataText[] = [];
  let room = maxMetadataBytes;
  for (let at = 8; at + 12 <= bytes.length; ) {
    const length = u32be(bytes, at);
    const type = latin1(bytes, at + 4, 4);
    const found = /^(?:tEXt|zTXt|iTXt|comf)$/.test(type) ? textOfChunk(type, bytes.subarray(at + 8, at + 8 + length), room) : undefined;
    if (found !== undefined) {
      texts.push(found);
      room -= found.text.length;
    }
    at += 12 + length;
  }
  return texts;
}
