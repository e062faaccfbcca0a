import { createHash } from "node:crypto";
import type { JsonObject } from "../../json/exact.ts";
import { decodePng } from "../drawing/png.ts";
import { writeText } from "../drawing/picture.ts";
import { solid } from "../drawing/raster.ts";
import { imageSize } from "../drawing/image-size.ts";
import { annotatedName, pathBelow, type FileTree, type StoredFile } from "../file-tree.ts";
import { choice, values, type NodeDefinition } from "../node-definition.ts";
import { NodeFailure } from "../node-failure.ts";
import type { Prompt } from "../prompt.ts";
import { pythonType } from "../python-conversion.ts";
import { PythonLookupError } from "../validation-error.ts";
import type { Mask, Raster } from "../values.ts";

const imageExtension = /\.(?:png|jpe?g|webp|gif|bmp|tiff?|avif|svg|ico)$/i;

/** What LoadImage gives as mask when the picture has no transparency. */
const emptyMask: Mask = { width: 64, height: 64, levels: new Uint8Array(64 * 64) };

function storedFile(files: FileTree, annotated: string): StoredFile | undefined {
  const { name, type } = annotatedName(annotated);
  const filePath = pathBelow("", name);
  return filePath === null ? undefined : files.read(type ?? "input", filePath);
}

interface LoadedImage {
  readonly raster: Raster;
  readonly alpha: Mask | null;
}

/** PNGs are decoded; of other pictures only the size is read, and a placeholder of that size stands in for them. */
function load(files: FileTree, name: string): LoadedImage {
  const stored = storedFile(files, name);
  if (stored === undefined) throw new NodeFailure("FileNotFoundError", `[Errno 2] No such file or directory: '${files.folderPath("input")}/${name}'`);
  const png = decodePng(stored.bytes);
  if (png !== null) return { raster: png.raster, alpha: png.alpha.levels.some((level) => level !== 255) ? png.alpha : null };
  const size = imageSize(stored.bytes);
  if (size === null) {
    throw new NodeFailure("PIL.UnidentifiedImageError", `cannot identify image file '${files.folderPath("input")}/${name}'`);
  }
  const raster = solid(size.width, size.height, 0x607080);
  writeText(raster, name, `${size.width} x ${size.height}`);
  return { raster, alpha: null };
}

function fingerprint(inputs: JsonObject, files: FileTree): string | null {
  const name = inputs["image"];
  const stored = typeof name === "string" ? storedFile(files, name) : undefined;
  return stored === undefined ? null : createHash("sha256").update(stored.bytes).digest("hex");
}

function topLevelImages(files: FileTree): readonly string[] {
  return files.list("input").filter((name) => !name.includes("/") && imageExtension.test(name)).toSorted();
}

const validation: NonNullable<NodeDefinition["validation"]> = {
  inputs: ["image"],
  check: (inputs, files) => {
    const name = inputs["image"] ?? null;
    if (typeof name !== "string") throw new PythonLookupError("AttributeError", `'${pythonType(name)}' object has no attribute 'endswith'`);
    return storedFile(files, name) === undefined ? `Invalid image file: ${name}` : null;
  },
};

function channelLevels({ raster, alpha }: LoadedImage, channel: string): Mask {
  const { width, height, rgb } = raster;
  const offset = ["red", "green", "blue"].indexOf(channel);
  if (offset < 0) return alpha === null ? emptyMask : { ...alpha, levels: alpha.levels.map((level) => 255 - level) };
  return { width, height, levels: Uint8Array.from({ length: width * height }, (_, pixel) => rgb[pixel * 3 + offset] ?? 0) };
}

export const loadImageNodes: readonly NodeDefinition[] = [
  {
    name: "LoadImage",
    displayName: "Load Image",
    category: "image",
    module: "nodes",
    style: "v1",
    required: [choice("image", topLevelImages, { image_upload: true })],
    outputs: [{ type: "IMAGE" }, { type: "MASK" }],
    validation,
    fingerprint,
    run: (input, { files }) => {
      const image = load(files, input.text("image"));
      return values({ kind: "image", frames: [image.raster] }, { kind: "mask", mask: channelLevels(image, "alpha") });
    },
  },
  {
    name: "LoadImageMask",
    displayName: "Load Image (as Mask)",
    category: "mask",
    module: "nodes",
    style: "v1",
    required: [choice("image", topLevelImages, { image_upload: true }), choice("channel", ["alpha", "red", "green", "blue"])],
    outputs: [{ type: "MASK" }],
    validation,
    fingerprint,
    run: (input, { files }) => values({ kind: "mask", mask: channelLevels(load(files, input.text("image")), input.text("channel")) }),
  },
];

/** The graph with an `is_changed` beside the inputs of each image loader, as the metadata of saved pictures has it. */
export function cacheFingerprints(prompt: Prompt, files: FileTree): JsonObject {
  const loaders = new Set(loadImageNodes.map(({ name }) => name));
  return Object.fromEntries(
    Object.entries(prompt).map(([id, node]) => [
      id,
      loaders.has(node.class_type) ? { ...node, is_changed: [fingerprint(node.inputs, files)] } : node,
    ]),
  );
}
