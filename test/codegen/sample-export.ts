import type { Plan, PlannedParameter } from "../../src/codegen/plan/plan.ts";

/** A small text to image graph of core nodes, as Export (API) saves it. */
export function sampleGraph(prompt = "a red fox"): Record<string, { class_type: string; inputs: Record<string, unknown>; _meta?: { title: string } }> {
  return {
    "3": {
      class_type: "KSampler",
      inputs: { seed: 7, steps: 20, cfg: 7.5, sampler_name: "euler", scheduler: "normal", denoise: 1, model: ["4", 0], positive: ["6", 0], negative: ["7", 0], latent_image: ["5", 0] },
    },
    "4": { class_type: "CheckpointLoaderSimple", inputs: { ckpt_name: "sd15.safetensors" } },
    "5": { class_type: "EmptyLatentImage", inputs: { width: 512, height: 768, batch_size: 1 } },
    "6": { class_type: "CLIPTextEncode", inputs: { clip: ["4", 1], text: prompt }, _meta: { title: "Prompt" } },
    "7": { class_type: "CLIPTextEncode", inputs: { clip: ["4", 1], text: "blurry" } },
    "8": { class_type: "VAEDecode", inputs: { samples: ["3", 0], vae: ["4", 2] } },
    "9": { class_type: "SaveImage", inputs: { images: ["8", 0], filename_prefix: "fox" } },
  };
}

export function planned(candidate: string, changes: Partial<PlannedParameter> = {}): PlannedParameter {
  return { candidate, keep: true, name: candidate, description: `Sets ${candidate.replaceAll("_", " ")}.`, group: null, default: null, min: null, max: null, options: null, required: false, ...changes };
}

/** A good plan for {@link sampleGraph}. */
export function samplePlan(changes: Partial<Plan> = {}): Plan {
  return {
    id: "sd15/txt2img",
    summary: "Stable Diffusion 1.5: text to image",
    description: "Makes an image from a text.",
    parameters: [
      planned("prompt", { required: true, group: "Prompt", description: "What the image shows." }),
      planned("width", { min: 256, max: 1024, group: "Size", description: "Width in pixels." }),
      planned("steps", { min: 1, max: 50, name: "sampling_steps", group: "Sampling" }),
      planned("sampler", { options: ["euler", "heun"], group: "Sampling", name: "sampler_name" }),
      planned("seed", { group: "Sampling" }),
      planned("cfg", { keep: false }),
    ],
    outputs: [{ node_id: "9", name: "The image" }],
    ...changes,
  };
}
