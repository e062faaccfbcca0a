import { encodePng } from "../drawing/png.ts";
import { socket, text, type NodeDefinition } from "../node-definition.ts";
import { savePictures } from "./save-file.ts";

const metadata = { prompt: "PROMPT", extra_pnginfo: "EXTRA_PNGINFO" };

export const saveImageNodes: readonly NodeDefinition[] = [
  {
    name: "SaveImage",
    displayName: "Save Image",
    category: "image",
    module: "nodes",
    description: "Saves the input images to your ComfyUI output directory.",
    style: "v1",
    required: [
      socket("images", "IMAGE", { tooltip: "The images to save." }),
      text("filename_prefix", { default: "ComfyUI", tooltip: "The prefix for the file to save." }),
    ],
    hidden: metadata,
    outputs: [],
    outputNode: true,
    run: async (input, run) => ({
      ui: { images: await savePictures(run, input.images("images"), { prefix: input.text("filename_prefix"), type: "output" }) },
    }),
  },
  {
    name: "PreviewImage",
    displayName: "Preview Image",
    category: "image",
    module: "nodes",
    description: "Saves the input images to your ComfyUI output directory.",
    style: "v1",
    required: [socket("images", "IMAGE")],
    hidden: metadata,
    outputs: [],
    outputNode: true,
    run: async (input, run) => ({
      ui: { images: await savePictures(run, input.images("images"), { prefix: `ComfyUI_temp_${run.tempSuffix}`, type: "temp" }) },
    }),
  },
  {
    name: "SaveImageWebsocket",
    displayName: "SaveImageWebsocket",
    category: "api/image",
    module: "custom_nodes.websocket_image_save",
    style: "v1",
    required: [socket("images", "IMAGE")],
    outputs: [],
    outputNode: true,
    fingerprint: () => null,
    run: async (input, run) => {
      const frames = input.images("images");
      // The first image is reported as step 0 (comfyui-protocol.md §2.3).
      for (const [index, frame] of frames.entries()) await run.progress(index, frames.length, { format: "png", bytes: await encodePng(frame) });
      return {};
    },
  },
];
