import { choice, float, socket, values, type NodeDefinition } from "../node-definition.ts";
import type { Value } from "../values.ts";
import { modelsIn } from "./model-files.ts";

const weightDtypes = ["default", "fp8_e4m3fn", "fp8_e4m3fn_fast", "fp8_e5m2"];
const clipTypes = [
  "stable_diffusion", "stable_cascade", "sd3", "stable_audio", "mochi", "ltxv", "pixart", "cosmos", "lumina2", "wan", "hidream",
  "chroma", "ace", "omnigen2", "qwen_image", "hunyuan_image",
];
const dualClipTypes = ["sdxl", "sd3", "flux", "hunyuan_video", "hidream", "hunyuan_image"];
const strength = { default: 1, min: -100, max: 100, step: 0.01 };
const device = choice("device", ["default", "cpu"], { advanced: true });

function model(name: string): Value {
  return { kind: "model", name };
}

export const loaderNodes: readonly NodeDefinition[] = [
  {
    name: "CheckpointLoaderSimple",
    displayName: "Load Checkpoint",
    category: "loaders",
    module: "nodes",
    style: "v1",
    required: [choice("ckpt_name", modelsIn("checkpoints"), { tooltip: "The name of the checkpoint (model) to load." })],
    outputs: [
      { type: "MODEL", tooltip: "The model." },
      { type: "CLIP", tooltip: "The text encoder." },
      { type: "VAE", tooltip: "The autoencoder." },
    ],
    run: (input) => values(model(input.text("ckpt_name")), model(input.text("ckpt_name")), model(input.text("ckpt_name"))),
  },
  {
    name: "UNETLoader",
    displayName: "Load Diffusion Model",
    category: "advanced/loaders",
    module: "nodes",
    style: "v1",
    required: [choice("unet_name", modelsIn("diffusion_models")), choice("weight_dtype", weightDtypes)],
    outputs: [{ type: "MODEL" }],
    run: (input) => values(model(input.text("unet_name"))),
  },
  {
    name: "CLIPLoader",
    displayName: "Load CLIP",
    category: "advanced/loaders",
    module: "nodes",
    style: "v1",
    required: [choice("clip_name", modelsIn("text_encoders")), choice("type", clipTypes)],
    optional: [device],
    outputs: [{ type: "CLIP" }],
    run: (input) => values(model(input.text("clip_name"))),
  },
  {
    name: "DualCLIPLoader",
    displayName: "DualCLIPLoader",
    category: "advanced/loaders",
    module: "nodes",
    style: "v1",
    required: [
      choice("clip_name1", modelsIn("text_encoders")),
      choice("clip_name2", modelsIn("text_encoders")),
      choice("type", dualClipTypes),
    ],
    optional: [device],
    outputs: [{ type: "CLIP" }],
    run: (input) => values(model(input.text("clip_name1"))),
  },
  {
    name: "VAELoader",
    displayName: "Load VAE",
    category: "loaders",
    module: "nodes",
    style: "v1",
    required: [choice("vae_name", [...modelsIn("vae"), "pixel_space"])],
    outputs: [{ type: "VAE" }],
    run: (input) => values(model(input.text("vae_name"))),
  },
  {
    name: "LoraLoader",
    displayName: "Load LoRA",
    category: "loaders",
    module: "nodes",
    style: "v1",
    required: [
      socket("model", "MODEL", { tooltip: "The model the LoRA is applied to." }),
      socket("clip", "CLIP", { tooltip: "The text encoder the LoRA is applied to." }),
      choice("lora_name", modelsIn("loras"), { tooltip: "The name of the LoRA." }),
      float("strength_model", strength),
      float("strength_clip", strength),
    ],
    outputs: [
      { type: "MODEL", tooltip: "The modified model." },
      { type: "CLIP", tooltip: "The modified text encoder." },
    ],
    run: (input) => values(model(input.model("model")), model(input.model("clip"))),
  },
  {
    name: "LoraLoaderModelOnly",
    displayName: "LoraLoaderModelOnly",
    category: "loaders",
    module: "nodes",
    style: "v1",
    required: [socket("model", "MODEL"), choice("lora_name", modelsIn("loras")), float("strength_model", strength)],
    outputs: [{ type: "MODEL" }],
    run: (input) => values(model(input.model("model"))),
  },
  {
    name: "ControlNetLoader",
    displayName: "Load ControlNet Model",
    category: "loaders",
    module: "nodes",
    style: "v1",
    required: [choice("control_net_name", modelsIn("controlnet"))],
    outputs: [{ type: "CONTROL_NET" }],
    run: (input) => values(model(input.text("control_net_name"))),
  },
  {
    name: "ModelSamplingAuraFlow",
    displayName: "ModelSamplingAuraFlow",
    category: "advanced/model",
    module: "comfy_extras.nodes_model_advanced",
    style: "v1",
    required: [socket("model", "MODEL"), float("shift", { default: 1.73, min: 0, max: 100, step: 0.01 })],
    outputs: [{ type: "MODEL" }],
    run: (input) => values(model(input.model("model"))),
  },
  {
    name: "ModelSamplingSD3",
    displayName: "ModelSamplingSD3",
    category: "advanced/model",
    module: "comfy_extras.nodes_model_advanced",
    style: "v1",
    required: [socket("model", "MODEL"), float("shift", { default: 3, min: 0, max: 100, step: 0.01 })],
    outputs: [{ type: "MODEL" }],
    run: (input) => values(model(input.model("model"))),
  },
  {
    name: "CFGNorm",
    displayName: null,
    category: "advanced/guidance",
    module: "comfy_extras.nodes_cfg",
    style: "v3",
    experimental: true,
    required: [socket("model", "MODEL", {}), float("strength", { default: 1, min: 0, max: 100, step: 0.01 })],
    outputs: [{ type: "MODEL", name: "patched_model" }],
    run: (input) => values(model(input.model("model"))),
  },
];
