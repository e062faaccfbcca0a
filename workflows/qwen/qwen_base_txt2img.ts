import { seed } from "comfyui-api/fields";
import { z } from "zod";
import { samplerName, scheduler, steps } from "../_sampling.ts";

const models = {
  diffusion: "qwen_image_fp8_e4m3fn.safetensors",
  textEncoder: "qwen_2.5_vl_7b_fp8_scaled.safetensors",
  vae: "qwen_image_vae.safetensors",
} as const;

const side = z.number().int().min(256).max(2048).multipleOf(16);

const RequestSchema = z.object({
  prompt: z
    .string()
    .min(1)
    .max(10_000)
    .describe("What the image shows. Put words that shall be written in the image in quotes.")
    .meta({ examples: ["a red fox in deep snow, soft morning light"] }),
  negative_prompt: z.string().max(10_000).default("").describe("What the image shall not show. Has no effect when cfg is 1."),
  width: side.default(1328).describe("Width in pixels, a multiple of 16. The model was trained around 1328 × 1328."),
  height: side.default(1328).describe("Height in pixels, a multiple of 16."),
  steps: steps.default(20),
  cfg: z
    .number()
    .min(1)
    .max(20)
    .default(2.5)
    .describe("How closely the image follows the prompt. 1 is twice as fast, and less consistent."),
  shift: z
    .number()
    .min(0)
    .max(20)
    .default(3.1)
    .describe("Raise it when images come out blurred or dark, lower it for more detail."),
  sampler_name: samplerName.default("euler"),
  scheduler: scheduler.default("simple"),
  batch_size: z.number().int().min(1).max(8).default(1).describe("Images to make in one run. Each takes memory."),
  seed: seed(),
});

export default {
  RequestSchema,
  summary: "Qwen-Image: text to image",
  description:
    "Makes images from a text with Qwen-Image, which is strong at writing words into a picture and at long, exact descriptions. " +
    "Only `prompt` is needed. The model has 20 billion parameters of 8 bit: 20 GB, which ComfyUI swaps where video memory is short.",
  metadata: {
    requiredNodes: [
      "CLIPLoader", "CLIPTextEncode", "EmptySD3LatentImage", "KSampler", "ModelSamplingAuraFlow", "SaveImage", "UNETLoader", "VAEDecode",
      "VAELoader",
    ],
    requiredModels: [models.diffusion, models.textEncoder, models.vae],
    modelSources: {
      [models.diffusion]:
        "https://huggingface.co/Comfy-Org/Qwen-Image_ComfyUI/resolve/main/split_files/diffusion_models/qwen_image_fp8_e4m3fn.safetensors",
      [models.textEncoder]:
        "https://huggingface.co/Comfy-Org/Qwen-Image_ComfyUI/resolve/main/split_files/text_encoders/qwen_2.5_vl_7b_fp8_scaled.safetensors",
      [models.vae]: "https://huggingface.co/Comfy-Org/Qwen-Image_ComfyUI/resolve/main/split_files/vae/qwen_image_vae.safetensors",
    },
  },

  generateWorkflow: (input: z.infer<typeof RequestSchema>) => ({
    "37": {
      class_type: "UNETLoader",
      inputs: { unet_name: models.diffusion, weight_dtype: "default" },
      _meta: { title: "Load diffusion model" },
    },
    "38": {
      class_type: "CLIPLoader",
      inputs: { clip_name: models.textEncoder, type: "qwen_image", device: "default" },
      _meta: { title: "Load text encoder" },
    },
    "39": { class_type: "VAELoader", inputs: { vae_name: models.vae }, _meta: { title: "Load VAE" } },
    "66": {
      class_type: "ModelSamplingAuraFlow",
      inputs: { model: ["37", 0], shift: input.shift },
      _meta: { title: "Shift" },
    },
    "6": {
      class_type: "CLIPTextEncode",
      inputs: { clip: ["38", 0], text: input.prompt },
      _meta: { title: "Prompt" },
    },
    "7": {
      class_type: "CLIPTextEncode",
      // The model's own pipeline puts a blank here, never nothing.
      inputs: { clip: ["38", 0], text: input.negative_prompt || " " },
      _meta: { title: "Negative prompt" },
    },
    "58": {
      class_type: "EmptySD3LatentImage",
      inputs: { width: input.width, height: input.height, batch_size: input.batch_size },
      _meta: { title: "Image size" },
    },
    "3": {
      class_type: "KSampler",
      inputs: {
        model: ["66", 0],
        positive: ["6", 0],
        negative: ["7", 0],
        latent_image: ["58", 0],
        seed: input.seed,
        steps: input.steps,
        cfg: input.cfg,
        sampler_name: input.sampler_name,
        scheduler: input.scheduler,
        denoise: 1,
      },
      _meta: { title: "Sampler" },
    },
    "8": { class_type: "VAEDecode", inputs: { samples: ["3", 0], vae: ["39", 0] }, _meta: { title: "Decode" } },
    "60": {
      class_type: "SaveImage",
      inputs: { images: ["8", 0], filename_prefix: "qwen_base_txt2img" },
      _meta: { title: "Save image" },
    },
  }),
};
