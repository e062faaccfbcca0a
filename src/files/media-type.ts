export const mediaKinds = ["image", "video", "audio", "model3d", "text", "file"] as const;
export type MediaKind = (typeof mediaKinds)[number];

/** What a file is. */
export interface MediaType {
  readonly contentType: string;
  /** Without a dot, lower case: `png`; `bin` when unknown. */
  readonly extension: string;
}

/** Whether its first bytes tell it, whatever its name: pictures, but for those that are text. */
export function isEvident({ contentType }: MediaType): boolean {
  return contentType.startsWith("image/") && contentType !== "image/svg+xml";
}

/** How many first bytes of a file decide its type; a signature behind a long ID3 or EBML header still fits. */
export const sniffBytes = 64 * 1024;

const unknown: MediaType = { contentType: "application/octet-stream", extension: "bin" };
const plainText: MediaType = { contentType: "text/plain; charset=utf-8", extension: "txt" };

/**
 * Text formats, which have no signature: the name decides, once the content is found to be text. HTML, XML and scripts
 * are plain text on purpose, because a browser would run them as the gateway's own pages.
 */
const textTypes: Readonly<Record<string, string>> = {
  txt: plainText.contentType,
  log: plainText.contentType,
  md: "text/markdown; charset=utf-8",
  csv: "text/csv; charset=utf-8",
  tsv: "text/tab-separated-values; charset=utf-8",
  srt: "application/x-subrip",
  vtt: "text/vtt; charset=utf-8",
  json: "application/json",
  yaml: "application/yaml",
  yml: "application/yaml",
  xml: plainText.contentType,
  svg: "image/svg+xml",
  gltf: "model/gltf+json",
  obj: "model/obj",
  mtl: "model/mtl",
  ply: "model/ply",
  stl: "model/stl",
  fbx: "model/vnd.fbx",
  usda: "model/vnd.usda",
  dae: "model/vnd.collada+xml",
};

/** Binary formats without a signature that can be told: the name decides, unless the content has another one. */
const unsignedTypes: Readonly<Record<string, string>> = {
  ply: "model/ply",
  splat: "model/x-splat",
  ksplat: "model/x-ksplat",
  spz: "model/x-spz",
  stl: "model/stl",
  fbx: "model/vnd.fbx",
  usd: "model/vnd.usd",
  usdc: "model/vnd.usd",
  safetensors: "application/x-safetensors",
  latent: "application/x-safetensors",
  npy: "application/x-npy",
  pt: "application/x-pytorch",
  gguf: "application/x-gguf",
};

/** What a name may add where the signature is that of a container: by the extension the content shows. */
const refinements: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  zip: { usdz: "model/vnd.usdz+zip", npz: "application/x-npz", pt: "application/x-pytorch" },
  gz: { spz: "model/x-spz" },
  mp4: { m4v: "video/x-m4v", m4a: "audio/mp4" },
  mkv: { mka: "audio/matroska" },
  webm: { weba: "audio/webm" },
};

/** Kinds that the media type's first half does not tell. */
const kindByExtension: Readonly<Record<string, MediaKind>> = {
  fbx: "model3d",
  drc: "model3d",
  skp: "model3d",
  blend: "model3d",
  usdz: "model3d",
  mxf: "video",
  asf: "video",
  ogx: "video",
  rm: "video",
  json: "text",
  yaml: "text",
  yml: "text",
  srt: "text",
  svg: "image",
  gltf: "model3d",
};

const kindByTree: Readonly<Record<string, MediaKind>> = { image: "image", video: "video", audio: "audio", model: "model3d", text: "text" };

/** The kind of an output, from what its content was found to be (never from the key ComfyUI put it under). */
export function kindOf(contentType: string, extension: string): MediaKind {
  const tree = contentType.split("/", 1)[0] ?? "";
  if (Object.hasOwn(kindByTree, tree)) return kindByTree[tree] ?? "file";
  return (Object.hasOwn(kindByExtension, extension) ? kindByExtension[extension] : undefined) ?? "file";
}

/** The extension of a name, lower case without the dot; empty when it has none. Never used as a path. */
export function extensionOf(filename: string): string {
  return /\.([A-Za-z0-9]{1,16})$/.exec(filename)?.[1]?.toLowerCase() ?? "";
}

function lookUp(table: Readonly<Record<string, string>> | undefined, extension: string): MediaType | null {
  if (table === undefined || !Object.hasOwn(table, extension)) return null;
  return { contentType: table[extension] ?? unknown.contentType, extension };
}

/** @param whole whether `head` is all there is: else a character cut at its end is no fault */
function asText(head: Uint8Array, whole: boolean): string | null {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(head, { stream: !whole });
    // Control characters other than tab, line feed, form feed, carriage return and escape do not occur in text.
    return /[\u0000-\u0008\u000b\u000e-\u001a\u001c-\u001f]/.test(text) ? null : text;
  } catch (error) {
    if (error instanceof TypeError) return null;
    throw error;
  }
}

function looksLikeSvg(text: string): boolean {
  return /^\s*(?:<\?xml[^>]*>\s*|<!--[^]*?-->\s*|<!DOCTYPE[^>]*>\s*)*<svg[\s>]/i.test(text.slice(0, 4096));
}

function textType(text: string, hint: string): MediaType {
  if (looksLikeSvg(text)) return { contentType: "image/svg+xml", extension: "svg" };
  // A name that says SVG for what is none is not believed: an image input would take it.
  return (hint === "svg" ? null : lookUp(textTypes, hint)) ?? plainText;
}

/** Safetensors (ComfyUI's .latent too): a little-endian header length, then that much JSON. */
function looksLikeSafetensors(head: Uint8Array): boolean {
  if (head.length < 10 || head[8] !== 0x7b) return false;
  const headerBytes = Buffer.from(head.subarray(0, 8)).readBigUInt64LE();
  // The format's own limit of its header.
  return headerBytes >= 2n && headerBytes <= 100_000_000n && (head[9] === 0x22 || head[9] === 0x7d || head[9] === 0x20);
}

const pngSignature = Buffer.from("89504e470d0a1a0a", "hex");

/** More chunks stand before the pixels of no picture we have seen; the detector looks further. */
const maxPngChunks = 64;

/** Whether the pixels of a PNG begin within `head`, and nothing before them makes it an animation. */
function isStillPng(head: Buffer): boolean {
  if (!head.subarray(0, 8).equals(pngSignature)) return false;
  let at = 8;
  for (let count = 0; count < maxPngChunks && at + 8 <= head.length; count += 1) {
    const length = head.readInt32BE(at);
    const name = head.toString("latin1", at + 4, at + 8);
    if (count === 0 && (name !== "IHDR" || length !== 13)) return false;
    if (name === "IDAT" && length >= 0) return true;
    if (name === "acTL" || (name === "IHDR" && count > 0) || length < 0) return false;
    // Each chunk has its length and its name before its data, and a checksum behind them.
    at += 12 + length;
  }
  return false;
}

/**
 * What the beginning of a file tells at a glance, whatever follows and whatever its name: the pictures that ComfyUI saves.
 * {@link detectMediaType} says the same of them.
 *
 * @returns null when more has to be looked at
 */
export function evidentType(beginning: Uint8Array): MediaType | null {
  if (beginning.length < 16 || looksLikeSafetensors(beginning)) return null;
  const head = Buffer.from(beginning.buffer, beginning.byteOffset, beginning.byteLength);
  if (isStillPng(head)) return { contentType: "image/png", extension: "png" };
  // The fourth byte tells JPEG-LS.
  if (head[0] === 0xff && head[1] === 0xd8 && head[2] === 0xff && head[3] !== 0xf7) return { contentType: "image/jpeg", extension: "jpg" };
  if (head.toString("latin1", 0, 4) === "RIFF" && head.toString("latin1", 8, 12) === "WEBP") return { contentType: "image/webp", extension: "webp" };
  return null;
}

/**
 * What a file is: by its content, and where the content does not tell, by its name. A name that contradicts the
 * content is not believed.
 *
 * @param head its first {@link sniffBytes} bytes, or all if it has fewer
 * @param size of the whole file, in bytes
 * @param filename the name it came with, if any
 */
export async function detectMediaType(head: Uint8Array, size: number, filename?: string): Promise<MediaType> {
  if (head.length === 0) return unknown;
  const evident = evidentType(head);
  if (evident !== null) return evident;
  const hint = extensionOf(filename ?? "");
  if (looksLikeSafetensors(head)) return lookUp(unsignedTypes, hint === "latent" ? hint : "safetensors") ?? unknown;

  // Loaded when there is something to find out: pictures are told by their first bytes (evidentType), and each start would wait for it.
  const { fileTypeFromBuffer } = await import("file-type");
  const found = await fileTypeFromBuffer(head);
  if (found !== undefined && found.ext !== "xml") {
    const refined = lookUp(Object.hasOwn(refinements, found.ext) ? refinements[found.ext] : undefined, hint);
    if (refined !== null) return refined;
    return { contentType: normalContentType(found.mime, found.ext), extension: found.ext };
  }
  const text = asText(head, size <= head.length);
  if (text !== null) return textType(text, hint);
  return (found === undefined ? lookUp(unsignedTypes, hint) : null) ?? unknown;
}

/** The registered name where the detector has its own. */
function normalContentType(mime: string, extension: string): string {
  if (extension === "fbx") return "model/vnd.fbx";
  if (extension === "opus") return "audio/ogg";
  if (extension === "m4a") return "audio/mp4";
  if (extension === "stl") return "model/stl";
  return mime;
}
