import { imageFile, seed } from "comfyui-api/fields";
import { z } from "zod";
import { samplerName, scheduler, steps } from "../_sampling.ts";

const models = {
  diffusion: "flux1-dev.safetensors",
  lora: "flux1-depth-dev-lora.safetensors",
  clipL: "clip_l.safetensors",
  t5: "t5xxl_fp16.safetensors",
  vae: "ae.safetensors",
} as const;

const RequestSchema = z.object({
  image: imageFile().describe(
    "A depth map: a grey image in which near is bright and far is dark, as Depth Anything or MiDaS make them. A photo is taken for a " +
      "depth map too, so make its depth map first. Send it as a multipart part, or as a string: an https: URL, a data: URI, plain base64, " +
      "file:{id} of an uploaded file, or job:{id}#{n} for an output of an earlier job.",
  ),
  prompt: z
    .string()
    .min(1)
    .max(10_000)
    .describe("What the image shows; its shapes come from the depth map.")
    .meta({ examples: ["a marble statue in a sunlit courtyard"] }),
  megapixels: z
    .number()
    .min(0.25)
    .max(2)
    .default(1)
    .describe("The depth map is scaled to this many megapixels, in its own proportions; the result has the same size."),
  guidance: z.number().min(0).max(100).default(10).describe("How closely the image follows the prompt. 10 to 30 suit this model."),
  depth_strength: z.number().min(0).max(2).default(1).describe("How closely the shapes follow the depth map. 0 ignores it."),
  steps: steps.default(20),
  sampler_name: samplerName.default("euler"),
  scheduler: scheduler.default("normal"),
  weight_dtype: z
    .enum(["default", "fp8_e4m3fn", "fp8_e4m3fn_fast", "fp8_e5m2"])
    .default("default")
    .describe("How the diffusion model is held in memory. The fp8 kinds take half of it, at some loss."),
  seed: seed(),
});

export default {
  RequestSchema,
  summary: "FLUX.1 depth: text to image in the shapes of a depth map",
  description:
    "Makes an image from a text in which the shapes and the layout come from a depth map, with FLUX.1-dev and its depth LoRA. Needs " +
    "`image`, a depth map (near is bright), and `prompt`; stock ComfyUI has no node that makes a depth map of a photo, so it must come " +
    "as one. The result has the proportions of the depth map. The model has 12 billion parameters: 24 GB of memory, half with an fp8 " +
    "`weight_dtype`.",
  metadata: {
    requiredNodes: [
      "CLIPTextEncode", "DualCLIPLoader", "FluxGuidance", "ImageScaleToTotalPixels", "InstructPixToPixConditioning", "KSampler", "LoadImage",
      "LoraLoaderModelOnly", "SaveImage", "UNETLoader", "VAEDecode", "VAELoader",
    ],
    requiredModels: [models.diffusion, models.lora, models.clipL, models.t5, models.vae],
    modelSources: {
      [models.diffusion]: "https://huggingface.co/black-forest-labs/FLUX.1-dev/resolve/main/flux1-dev.safetensors",
      [models.lora]: "https://huggingface.co/black-forest-labs/FLUX.1-Depth-dev-lora/resolve/main/flux1-depth-dev-lora.safetensors",
      [models.clipL]: "https://huggingface.co/comfyanonymous/flux_text_encoders/resolve/main/clip_l.safetensors",
      [models.t5]: "https://huggingface.co/comfyanonymous/flux_text_encoders/resolve/main/t5xxl_fp16.safetensors",
      [models.vae]: "https://huggingface.co/black-forest-labs/FLUX.1-dev/resolve/main/ae.safetensors",
    },
  },

  generateWorkflow: (input: z.infer<typeof RequestSchema>) => ({
    "31": {
      class_type: "UNETLoader",
      inputs: { unet_name: models.diffusion, weight_dtype: input.weight_dtype },
      _meta: { title: "Load diffusion model" },
    },
    "37": {
      class_type: "LoraLoaderModelOnly",
      inputs: { model: ["31", 0], lora_name: models.lora, strength_model: input.depth_strength },
      _meta: { title: "Depth LoRA" },
    },
    "34": {
      class_type: "DualCLIPLoader",
      inputs: { clip_name1: models.clipL, clip_name2: models.t5, type: "flux", device: "default" },
      _meta: { title: "Load text encoders" },
    },
    "32": { class_type: "VAELoader", inputs: { vae_name: models.vae }, _meta: { title: "Load VAE" } },
    "17": { class_type: "LoadImage", inputs: { image: input.image }, _meta: { title: "Depth map" } },
    "18": {
      class_type: "ImageScaleToTotalPixels",
      inputs: { image: ["17", 0], upscale_method: "bicubic", megapixels: input.megapixels },
      _meta: { title: "Scale" },
    },
    "23": {
      class_type: "CLIPTextEncode",
      inputs: { clip: ["34", 0], text: input.prompt },
      _meta: { title: "Prompt" },
    },
    "26": {
      class_type: "FluxGuidance",
      inputs: { conditioning: ["23", 0], guidance: input.guidance },
      _meta: { title: "Guidance" },
    },
    // FLUX.1-dev takes its guidance as a number, so cfg stays at 1 and the negative side is never computed.
    "7": { class_type: "CLIPTextEncode", inputs: { clip: ["34", 0], text: "" }, _meta: { title: "No negative prompt" } },
    "35": {
      class_type: "InstructPixToPixConditioning",
      inputs: { positive: ["26", 0], negative: ["7", 0], vae: ["32", 0], pixels: ["18", 0] },
      _meta: { title: "Depth conditioning" },
    },
    "3": {
      class_type: "KSampler",
      inputs: {
        model: ["37", 0],
        positive: ["35", 0],
        negative: ["35", 1],
        latent_image: ["35", 2],
        seed: input.seed,
        steps: input.steps,
        cfg: 1,
        sampler_name: input.sampler_name,
        scheduler: input.scheduler,
        denoise: 1,
      },
      _meta: { title: "Sampler" },
    },
    "8": { class_type: "VAEDecode", inputs: { samples: ["3", 0], vae: ["32", 0] }, _meta: { title: "Decode" } },
    "9": {
      class_type: "SaveImage",
      inputs: { images: ["8", 0], filename_prefix: "flux_depth" },
      _meta: { title: "Save image" },
    },
  }),
};
