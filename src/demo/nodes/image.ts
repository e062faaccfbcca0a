import { blurred, croppedTo, inverted, scaled, sharpened, solid } from "../drawing/raster.ts";
import { choice, float, integer, socket, values, type NodeDefinition, type NodeResult } from "../node-definition.ts";
import { NodeFailure } from "../node-failure.ts";
import type { NodeInputs } from "../node-inputs.ts";
import { literal, type Raster } from "../values.ts";

const methods = ["nearest-exact", "bilinear", "area", "bicubic", "lanczos"];
const side = { default: 512, min: 0, max: 16384, step: 1 };
const emptySide = { default: 512, min: 1, max: 16384, step: 1 };
const sigma = { default: 1, min: 0.1, max: 10, step: 0.1 };
const radius = { default: 1, min: 1, max: 31, step: 1 };

/** Of all frames of one image, beyond what a real host could allocate for it. */
const maxBytes = 1024 ** 3;

const kontextSizes: readonly (readonly [number, number])[] = [
  [672, 1568], [688, 1504], [720, 1456], [752, 1392], [800, 1328], [832, 1248], [880, 1184], [944, 1104], [1024, 1024],
  [1104, 944], [1184, 880], [1248, 832], [1328, 800], [1392, 752], [1456, 720], [1504, 688], [1568, 672],
];

/** Applies `change` to each frame; frames that are one and the same stay so. */
function mapFrames(input: NodeInputs, name: string, change: (frame: Raster) => Raster): NodeResult {
  const changed = new Map<Raster, Raster>();
  const frames = input.images(name).map((frame) => {
    const known = changed.get(frame) ?? change(frame);
    changed.set(frame, known);
    return known;
  });
  return values({ kind: "image", frames });
}

function checkSize(width: number, height: number): void {
  if (width * height * 3 > maxBytes) throw new NodeFailure("RuntimeError", "[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory");
}

function scaledTo(frame: Raster, width: number, height: number, crop: string): Raster {
  checkSize(width, height);
  return scaled(crop === "center" ? croppedTo(frame, width, height) : frame, width, height);
}

/** A side of 0 follows from the other one. */
function wantedSize(frame: Raster, width: number, height: number): readonly [number, number] {
  if (width === 0 && height === 0) return [frame.width, frame.height];
  if (width === 0) return [Math.max(1, Math.round((frame.width * height) / frame.height)), height];
  if (height === 0) return [width, Math.max(1, Math.round((frame.height * width) / frame.width))];
  return [width, height];
}

export const imageNodes: readonly NodeDefinition[] = [
  {
    name: "EmptyImage",
    displayName: "EmptyImage",
    category: "image",
    module: "nodes",
    style: "v1",
    required: [
      integer("width", emptySide),
      integer("height", emptySide),
      integer("batch_size", { default: 1, min: 1, max: 4096 }),
      integer("color", { default: 0, min: 0, max: 16777215, step: 1, display: "color" }),
    ],
    outputs: [{ type: "IMAGE" }],
    run: (input) => {
      checkSize(input.int("width"), input.int("height"));
      const frame = solid(input.int("width"), input.int("height"), input.int("color"));
      return values({ kind: "image", frames: Array.from({ length: input.int("batch_size") }, () => frame) });
    },
  },
  {
    name: "ImageInvert",
    displayName: "Invert Image",
    category: "image",
    module: "nodes",
    style: "v1",
    required: [socket("image", "IMAGE")],
    outputs: [{ type: "IMAGE" }],
    run: (input) => mapFrames(input, "image", inverted),
  },
  {
    name: "ImageScale",
    displayName: "Upscale Image",
    category: "image/upscaling",
    module: "nodes",
    style: "v1",
    required: [
      socket("image", "IMAGE"),
      choice("upscale_method", methods),
      integer("width", side),
      integer("height", side),
      choice("crop", ["disabled", "center"]),
    ],
    outputs: [{ type: "IMAGE" }],
    run: (input) =>
      mapFrames(input, "image", (frame) => {
        const [width, height] = wantedSize(frame, input.int("width"), input.int("height"));
        return scaledTo(frame, width, height, input.text("crop"));
      }),
  },
  {
    name: "ImageScaleBy",
    displayName: "Upscale Image By",
    category: "image/upscaling",
    module: "nodes",
    style: "v1",
    required: [
      socket("image", "IMAGE"),
      choice("upscale_method", methods),
      float("scale_by", { default: 1, min: 0.01, max: 8, step: 0.01 }),
    ],
    outputs: [{ type: "IMAGE" }],
    run: (input) =>
      mapFrames(input, "image", (frame) => {
        const by = input.float("scale_by");
        return scaledTo(frame, Math.max(1, Math.round(frame.width * by)), Math.max(1, Math.round(frame.height * by)), "disabled");
      }),
  },
  {
    name: "ImageScaleToTotalPixels",
    displayName: null,
    category: "image/upscaling",
    module: "comfy_extras.nodes_post_processing",
    style: "v3",
    required: [
      socket("image", "IMAGE", {}),
      { name: "upscale_method", type: "COMBO", options: { multiselect: false, options: methods } },
      float("megapixels", { default: 1, min: 0.01, max: 16, step: 0.01 }),
    ],
    outputs: [{ type: "IMAGE" }],
    run: (input) =>
      mapFrames(input, "image", (frame) => {
        const by = Math.sqrt((input.float("megapixels") * 1024 * 1024) / (frame.width * frame.height));
        return scaledTo(frame, Math.max(1, Math.round(frame.width * by)), Math.max(1, Math.round(frame.height * by)), "disabled");
      }),
  },
  {
    name: "FluxKontextImageScale",
    displayName: null,
    category: "advanced/conditioning/flux",
    module: "comfy_extras.nodes_flux",
    description: "This node resizes the image to one that is more optimal for flux kontext.",
    style: "v3",
    required: [socket("image", "IMAGE", {})],
    outputs: [{ type: "IMAGE" }],
    run: (input) =>
      mapFrames(input, "image", (frame) => {
        const distance = ([width, height]: readonly [number, number]): number => Math.abs(frame.width / frame.height - width / height);
        const [width, height] = kontextSizes.reduce((best, size) => (distance(size) < distance(best) ? size : best));
        return scaledTo(frame, width, height, "center");
      }),
  },
  {
    name: "ImageBlur",
    displayName: null,
    category: "image/postprocessing",
    module: "comfy_extras.nodes_post_processing",
    style: "v3",
    required: [socket("image", "IMAGE", {}), integer("blur_radius", radius), float("sigma", sigma)],
    outputs: [{ type: "IMAGE" }],
    run: (input) => mapFrames(input, "image", (frame) => blurred(frame, input.int("blur_radius"))),
  },
  {
    name: "ImageSharpen",
    displayName: null,
    category: "image/postprocessing",
    module: "comfy_extras.nodes_post_processing",
    style: "v3",
    required: [
      socket("image", "IMAGE", {}),
      integer("sharpen_radius", radius),
      float("sigma", { ...sigma, step: 0.01 }),
      float("alpha", { default: 1, min: 0, max: 5, step: 0.01 }),
    ],
    outputs: [{ type: "IMAGE" }],
    run: (input) => mapFrames(input, "image", (frame) => sharpened(frame, input.int("sharpen_radius"), input.float("alpha"))),
  },
  {
    name: "GetImageSize",
    displayName: "Get Image Size",
    category: "image",
    module: "comfy_extras.nodes_images",
    description: "Returns width and height of the image, and passes it through unchanged.",
    style: "v1",
    required: [socket("image", "IMAGE")],
    hidden: { unique_id: "UNIQUE_ID" },
    outputs: [
      { type: "INT", name: "width" },
      { type: "INT", name: "height" },
      { type: "INT", name: "batch_size" },
    ],
    run: (input, run) => {
      const frames = input.images("image");
      const { width = 0, height = 0 } = frames[0] ?? {};
      // Names no addressee, so everyone hears it (comfyui-protocol.md §2.2).
      run.sendText(`width: ${width}, height: ${height}\n batch size: ${frames.length}`, "everyone");
      return values(literal(width), literal(height), literal(frames.length));
    },
  },
];
