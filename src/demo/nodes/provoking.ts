import { solid } from "../drawing/raster.ts";
import { choice, float, integer, socket, values, type NodeDefinition, type NodeResult } from "../node-definition.ts";
import { NodeFailure } from "../node-failure.ts";
import { literal, type Value } from "../values.ts";

// Nodes that do on purpose what others do by accident: the ones that the recorded runs used, and no more.

const module = "custom_nodes.provoking";
const category = "testing";

/** A grey square of 8 pixels, for frames that announce a JPEG. */
const greyJpeg = Buffer.from(
  "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABALDA4MChAODQ4SERATGCgaGBYWGDEjJR0oOjM9PDkzODdASFxOQERXRTc4UG1RV19iZ2hnPk1xeX" +
    "BkeFxlZ2P/wAALCAAIAAgBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAAAP/EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAD8AP//Z",
  "base64",
);

function picture(width: number, height: number, colour: number): Value {
  return { kind: "image", frames: [solid(width, height, colour)] };
}

function failure(kind: string): NodeResult {
  switch (kind) {
    case "oom":
      throw new NodeFailure("torch.OutOfMemoryError", "CUDA out of memory. Tried to allocate 1 GiB");
    case "memory":
      throw new NodeFailure("MemoryError", "");
    case "blocker":
      return values({ kind: "blocker", message: null });
    case "blocker_msg":
      return values({ kind: "blocker", message: "blocked on purpose" });
    default:
      throw new NodeFailure("ValueError", "failed on purpose");
  }
}

export const provokingNodes: readonly NodeDefinition[] = [
  {
    name: "Slow",
    displayName: "Slow",
    category,
    module,
    style: "v1",
    required: [
      integer("steps", { default: 10, min: 1, max: 100000 }),
      float("delay", { default: 0.1, min: 0, max: 100 }),
      { name: "preview", type: "BOOLEAN", options: { default: false } },
      integer("seed", { default: 0, min: 0, max: 18446744073709551615n }),
    ],
    outputs: [{ type: "IMAGE" }],
    // The delay is not waited for: a step takes the stand-in's own step time.
    run: async (input, run) => {
      const steps = input.int("steps");
      const preview = input.bool("preview") ? { format: "jpeg" as const, bytes: greyJpeg } : undefined;
      for (let step = 1; step <= steps; step += 1) await run.progress(step, steps, preview);
      return values(picture(16, 16, Number(input.bigint("seed") & 0xffffffn)));
    },
  },
  {
    name: "Fail",
    displayName: "Fail",
    category,
    module,
    style: "v1",
    required: [socket("image", "IMAGE"), choice("kind", ["error", "oom", "memory", "blocker", "blocker_msg"])],
    outputs: [{ type: "IMAGE" }],
    run: (input) => failure(input.text("kind")),
  },
  {
    name: "ListOut",
    displayName: "ListOut",
    category,
    module,
    style: "v1",
    required: [integer("n", { default: 3, min: 0, max: 100 })],
    outputs: [
      { type: "IMAGE", isList: true },
      { type: "INT", isList: true },
    ],
    run: (input) => {
      const numbers = Array.from({ length: input.int("n") }, (_, index) => index);
      return { values: [numbers.map((index) => picture(16, 16, index * 40)), numbers.map((index) => literal(index))] };
    },
  },
  {
    name: "Expand",
    displayName: "Expand",
    category,
    module,
    style: "v1",
    required: [integer("w", { default: 16, min: 1, max: 4096 })],
    outputs: [{ type: "IMAGE" }],
    run: (input, run) => {
      const [source, shown, result] = [run.ephemeralId(1), run.ephemeralId(2), run.ephemeralId(3)];
      const size = { width: input.int("w"), height: input.int("w"), batch_size: 1, color: 255 };
      return {
        expand: {
          [source]: { class_type: "EmptyImage", inputs: size },
          [shown]: { class_type: "PreviewImage", inputs: { images: [source, 0] } },
          [result]: { class_type: "ImageInvert", inputs: { image: [source, 0] } },
        },
        values: [{ kind: "link", nodeId: result, slot: 0 }],
      };
    },
  },
  {
    name: "GifOut",
    displayName: "GifOut",
    category,
    module,
    style: "v1",
    required: [socket("image", "IMAGE")],
    outputs: [],
    outputNode: true,
    run: (input, run) => {
      input.images("image");
      run.sendText("hello text", "owner");
      return { ui: { gifs: [{ filename: "x.mp4", subfolder: "", type: "output", format: "video/h264-mp4", frame_rate: 8 }] } };
    },
  },
];
