import { imageFile, seed } from "comfyui-api/fields";
import { z } from "zod";
import { samplerName, scheduler, steps } from "../_sampling.ts";

const models = {
  diffusion: "qwen_image_edit_fp8_e4m3fn.safetensors",
  textEncoder: "qwen_2.5_vl_7b_fp8_scaled.safetensors",
  vae: "qwen_image_vae.safetensors",
} as const;

const RequestSchema = z.object({
  image: imageFile(),
  prompt: z
    .string()
    .min(1)
    .max(10_000)
    .describe("What to change, as an instruction. Whatever it does not mention stays as it is.")
    .meta({ examples: ["replace the background with a snowy forest"] }),
  negative_prompt: z.string().max(10_000).default("").describe("What the result shall not show. Has no effect when cfg is 1."),
  megapixels: z
    .number()
    .min(0.25)
    .max(2)
    .default(1)
    .describe("The image is scaled to this many megapixels, in its own proportions; the result has the same size. The model works best at 1."),
  steps: steps.default(20),
  cfg: z.number().min(1).max(20).default(4).describe("How closely the result follows the instruction. 1 is twice as fast, and less consistent."),
  shift: z
    .number()
    .min(0)
    .max(20)
    .default(3.1)
    .describe("Raise it when results come out blurred or dark, lower it for more detail."),
  sampler_name: samplerName.default("euler"),
  scheduler: scheduler.default("simple"),
  seed: seed(),
});

export default {
  RequestSchema,
  summary: "Qwen-Image-Edit: change an image by instruction",
  description:
    "Changes an image as a text instruction says, with Qwen-Image-Edit: replaces or removes things, changes the style, the clothes, the " +
    "background or the words in a picture. Needs `image` and `prompt`; the result has the proportions of the image. " +
    "The model has 20 billion parameters of 8 bit: 20 GB, which ComfyUI swaps where video memory is short.",
  metadata: {
    requiredNodes: [
      "CFGNorm", "CLIPLoader", "ImageScaleToTotalPixels", "KSampler", "LoadImage", "ModelSamplingAuraFlow", "SaveImage",
      "TextEncodeQwenImageEdit", "UNETLoader", "VAEDecode", "VAEEncode", "VAELoader",
    ],
    requiredModels: [models.diffusion, models.textEncoder, models.vae],
    modelSources: {
      [models.diffusion]:
        "https://huggingface.co/Comfy-Org/Qwen-Image-Edit_ComfyUI/resolve/main/split_files/diffusion_models/qwen_image_edit_fp8_e4m3fn.safetensors",
      [models.textEncoder]:
        "https://huggingface.co/Comfy-Org/Qwen-Image_ComfyUI/resolve/main/split_files/text_encoders/qwen_2.5_vl_7b_fp8_scaled.safetensors",
      [models.vae]: "https://huggingface.co/Comfy-Org/Qwen-Image_ComfyUI/resolve/main/split_files/vae/qwen_image_vae.safetensors",
    },
  },

  generateWorkflow: (input: z.infer<typeof RequestSchema>) => ({
    "12": {
      class_type: "UNETLoader",
      inputs: { unet_name: models.diffusion, weight_dtype: "default" },
      _meta: { title: "Load diffusion model" },
    },
    "61": {
      class_type: "CLIPLoader",
      inputs: { clip_name: models.textEncoder, type: "qwen_image", device: "default" },
      _meta: { title: "Load text encoder" },
    },
    "10": { class_type: "VAELoader", inputs: { vae_name: models.vae }, _meta: { title: "Load VAE" } },
    "67": {
      class_type: "ModelSamplingAuraFlow",
      inputs: { model: ["12", 0], shift: input.shift },
      _meta: { title: "Shift" },
    },
    "64": { class_type: "CFGNorm", inputs: { model: ["67", 0], strength: 1 }, _meta: { title: "Steady guidance" } },
    "41": { class_type: "LoadImage", inputs: { image: input.image }, _meta: { title: "Image to change" } },
    "70": {
      class_type: "ImageScaleToTotalPixels",
      inputs: { image: ["41", 0], upscale_method: "lanczos", megapixels: input.megapixels },
      _meta: { title: "Scale" },
    },
    "60": {
      class_type: "TextEncodeQwenImageEdit",
      inputs: { clip: ["61", 0], vae: ["10", 0], image: ["70", 0], prompt: input.prompt },
      _meta: { title: "Instruction" },
    },
    "63": {
      class_type: "TextEncodeQwenImageEdit",
      // The model's own pipeline puts a blank here, never nothing.
      inputs: { clip: ["61", 0], vae: ["10", 0], image: ["70", 0], prompt: input.negative_prompt || " " },
      _meta: { title: "Negative prompt" },
    },
    // Sampling starts from all noise; the image only gives its size here.
    "71": { class_type: "VAEEncode", inputs: { pixels: ["70", 0], vae: ["10", 0] }, _meta: { title: "Encode" } },
    "65": {
      class_type: "KSampler",
      inputs: {
        model: ["64", 0],
        positive: ["60", 0],
        negative: ["63", 0],
        latent_image: ["71", 0],
        seed: input.seed,
        steps: input.steps,
        cfg: input.cfg,
        sampler_name: input.sampler_name,
        scheduler: input.scheduler,
        denoise: 1,
      },
      _meta: { title: "Sampler" },
    },
    "8": { class_type: "VAEDecode", inputs: { samples: ["65", 0], vae: ["10", 0] }, _meta: { title: "Decode" } },
    "9": {
      class_type: "SaveImage",
      inputs: { images: ["8", 0], filename_prefix: "qwen_img_edit" },
      _meta: { title: "Save image" },
    },
  }),
};
