import { float, socket, text, values, type NodeDefinition } from "../node-definition.ts";
import type { Value } from "../values.ts";
import { encodedLatent } from "./sampling.ts";

const prompt = { multiline: true, dynamicPrompts: true };

function conditioning(shown: string): Value {
  return { kind: "conditioning", text: shown };
}

export const conditioningNodes: readonly NodeDefinition[] = [
  {
    name: "CLIPTextEncode",
    displayName: "CLIP Text Encode (Prompt)",
    category: "conditioning",
    module: "nodes",
    style: "v1",
    required: [
      text("text", { ...prompt, tooltip: "The text to be encoded." }),
      socket("clip", "CLIP", { tooltip: "The CLIP model used for encoding the text." }),
    ],
    outputs: [{ type: "CONDITIONING", tooltip: "The embedded text." }],
    run: (input) => {
      input.model("clip");
      return values(conditioning(input.text("text")));
    },
  },
  {
    name: "TextEncodeQwenImageEdit",
    displayName: null,
    category: "advanced/conditioning",
    module: "comfy_extras.nodes_qwen",
    style: "v3",
    required: [socket("clip", "CLIP", {}), text("prompt", prompt)],
    optional: [socket("vae", "VAE", {}), socket("image", "IMAGE", {})],
    outputs: [{ type: "CONDITIONING" }],
    run: (input) => {
      input.model("clip");
      input.optionalImages("image");
      return values(conditioning(input.text("prompt")));
    },
  },
  {
    name: "TextEncodeQwenImageEditPlus",
    displayName: null,
    category: "advanced/conditioning",
    module: "comfy_extras.nodes_qwen",
    style: "v3",
    required: [socket("clip", "CLIP", {}), text("prompt", prompt)],
    optional: [socket("vae", "VAE", {}), socket("image1", "IMAGE", {}), socket("image2", "IMAGE", {}), socket("image3", "IMAGE", {})],
    outputs: [{ type: "CONDITIONING" }],
    run: (input) => {
      input.model("clip");
      for (const name of ["image1", "image2", "image3"]) input.optionalImages(name);
      return values(conditioning(input.text("prompt")));
    },
  },
  {
    name: "FluxGuidance",
    displayName: null,
    category: "advanced/conditioning/flux",
    module: "comfy_extras.nodes_flux",
    style: "v3",
    required: [socket("conditioning", "CONDITIONING", {}), float("guidance", { default: 3.5, min: 0, max: 100, step: 0.1 })],
    outputs: [{ type: "CONDITIONING" }],
    run: (input) => values(conditioning(input.conditioning("conditioning"))),
  },
  {
    name: "ConditioningZeroOut",
    displayName: "ConditioningZeroOut",
    category: "advanced/conditioning",
    module: "nodes",
    style: "v1",
    required: [socket("conditioning", "CONDITIONING")],
    outputs: [{ type: "CONDITIONING" }],
    run: (input) => {
      input.conditioning("conditioning");
      return values(conditioning(""));
    },
  },
  {
    name: "InstructPixToPixConditioning",
    displayName: null,
    category: "conditioning/instructpix2pix",
    module: "comfy_extras.nodes_ip2p",
    style: "v3",
    required: [
      socket("positive", "CONDITIONING", {}),
      socket("negative", "CONDITIONING", {}),
      socket("vae", "VAE", {}),
      socket("pixels", "IMAGE", {}),
    ],
    outputs: [
      { type: "CONDITIONING", name: "positive" },
      { type: "CONDITIONING", name: "negative" },
      { type: "LATENT", name: "latent" },
    ],
    run: (input) =>
      values(
        conditioning(input.conditioning("positive")),
        conditioning(input.conditioning("negative")),
        { kind: "latent", latent: encodedLatent(input, "pixels") },
      ),
  },
  {
    name: "ControlNetApplyAdvanced",
    displayName: "Apply ControlNet",
    category: "conditioning/controlnet",
    module: "nodes",
    style: "v1",
    required: [
      socket("positive", "CONDITIONING"),
      socket("negative", "CONDITIONING"),
      socket("control_net", "CONTROL_NET"),
      socket("image", "IMAGE"),
      float("strength", { default: 1, min: 0, max: 10, step: 0.01 }),
      float("start_percent", { default: 0, min: 0, max: 1, step: 0.001 }),
      float("end_percent", { default: 1, min: 0, max: 1, step: 0.001 }),
    ],
    optional: [socket("vae", "VAE")],
    outputs: [
      { type: "CONDITIONING", name: "positive" },
      { type: "CONDITIONING", name: "negative" },
    ],
    run: (input) => {
      input.model("control_net");
      input.images("image");
      return values(conditioning(input.conditioning("positive")), conditioning(input.conditioning("negative")));
    },
  },
];
