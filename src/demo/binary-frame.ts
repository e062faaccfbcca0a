import { stringifyJson, type JsonObject } from "../json/exact.ts";
import type { PreviewImage } from "./node-run.ts";

// Event numbers and layouts: comfyui-protocol.md §2.5. All numbers are big-endian.
const previewImage = 1;
const textEvent = 3;
const previewImageWithMetadata = 4;
const formatNumbers = { jpeg: 1, png: 2 } as const;

function number32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

export function previewFrame(image: PreviewImage): Buffer {
  return Buffer.concat([number32(previewImage), number32(formatNumbers[image.format]), image.bytes]);
}

export function previewFrameWithMetadata(image: PreviewImage, metadata: JsonObject): Buffer {
  const json = Buffer.from(stringifyJson({ ...metadata, image_type: `image/${image.format}` }));
  return Buffer.concat([number32(previewImageWithMetadata), number32(json.byteLength), json, image.bytes]);
}

export function textFrame(nodeId: string, text: string): Buffer {
  const id = Buffer.from(nodeId);
  return Buffer.concat([number32(textEvent), number32(id.byteLength), id, Buffer.from(text)]);
}
