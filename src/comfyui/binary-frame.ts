import { z } from "zod";
import { parsePythonJson } from "../json/exact.ts";

/** An image of a running node, from a binary frame (comfyui-protocol.md §2.5). */
export interface PreviewFrame {
  /** null in frames without metadata: they belong to whatever ran last. */
  readonly source: { readonly promptId: string; readonly nodeId: string } | null;
  readonly contentType: string;
  readonly image: Uint8Array;
}

const previewImage = 1;
const previewImageWithMetadata = 4;
const headerBytes = 4;
const lengthBytes = 4;

/** Pictures that a browser may be given; SVG, which can hold scripts, is not among them. */
const imageType = z.enum(["image/jpeg", "image/png", "image/webp", "image/gif", "image/avif"]);

const metadataSchema = z.looseObject({
  prompt_id: z.string(),
  node_id: z.string(),
  display_node_id: z.string().nullish(),
  real_node_id: z.string().nullish(),
  image_type: imageType,
});

function parseMetadata(text: string): z.infer<typeof metadataSchema> | null {
  try {
    return metadataSchema.safeParse(parsePythonJson(text)).data ?? null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** @returns null for a frame that is malformed or of a kind that is not used (text, type 3) */
export function parseBinaryFrame(frame: Buffer): PreviewFrame | null {
  const bodyStart = headerBytes + lengthBytes;
  if (frame.length < bodyStart) return null;
  const word = frame.readUInt32BE(headerBytes);
  switch (frame.readUInt32BE(0)) {
    case previewImage:
      if (word !== 1 && word !== 2) return null;
      return { source: null, contentType: word === 1 ? "image/jpeg" : "image/png", image: frame.subarray(bodyStart) };
    case previewImageWithMetadata: {
      if (word > frame.length - bodyStart) return null;
      const metadata = parseMetadata(frame.toString("utf8", bodyStart, bodyStart + word));
      if (metadata === null) return null;
      return {
        source: { promptId: metadata.prompt_id, nodeId: metadata.display_node_id ?? metadata.real_node_id ?? metadata.node_id },
        contentType: metadata.image_type,
        image: frame.subarray(bodyStart + word),
      };
    }
    default:
      return null;
  }
}
