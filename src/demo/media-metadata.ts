import path from "node:path/posix";
import type { JsonObject, JsonValue } from "../json/exact.ts";
import { isFolderType, type FileTree } from "./file-tree.ts";
import { isObject } from "./json-shape.ts";
import type { UiOutput } from "./node-definition.ts";

const kinds: Readonly<Record<string, string>> = {
  ".png": "image", ".webp": "image", ".jpg": "image", ".mp4": "video", ".webm": "video", ".mp3": "audio", ".flac": "audio",
};

/** Adds what the newer server says of the files it lists: their kind, and the size of PNGs (comfyui-protocol.md §1.4). */
export function withMediaMetadata(ui: UiOutput, files: FileTree): UiOutput {
  return Object.fromEntries(Object.entries(ui).map(([key, list]) => [key, list.map((item) => described(item, files))]));
}

function described(item: JsonValue, files: FileTree): JsonValue {
  if (!isObject(item) || typeof item["filename"] !== "string") return item;
  const { filename, subfolder, type } = item;
  const kind = kinds[path.extname(filename)];
  if (kind === undefined || typeof type !== "string" || !isFolderType(type)) return item;
  const file = files.read(type, path.join(typeof subfolder === "string" ? subfolder : "", filename));
  return { ...item, metadata: { kind, ...pngSize(file?.bytes) } };
}

function pngSize(bytes: Uint8Array | undefined): JsonObject {
  if (bytes === undefined || bytes.byteLength < 24 || bytes[0] !== 0x89) return {};
  const header = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { width: header.readUInt32BE(16), height: header.readUInt32BE(20) };
}
