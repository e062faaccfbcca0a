export interface WorkflowText {
  /** Below the workflows folder. */
  readonly file: string;
  readonly text: string;
}

/** A text-to-image graph of stock nodes, with a second pass so that it has the size of those people use. */
function graph(index: number, prompt: string): object {
  const sampler = (latent: string, denoise: number, seed: number) => ({
    class_type: "KSampler",
    inputs: {
      model: ["11", 0], positive: ["6", 0], negative: ["7", 0], latent_image: [latent, 0],
      seed, steps: 20, cfg: 7, sampler_name: "euler", scheduler: "normal", denoise,
    },
  });
  return {
    "3": sampler("5", 1, index),
    "4": { class_type: "CheckpointLoaderSimple", inputs: { ckpt_name: "model.safetensors" } },
    "5": { class_type: "EmptyLatentImage", inputs: { width: 512, height: 512, batch_size: 1 } },
    "6": { class_type: "CLIPTextEncode", inputs: { clip: ["11", 1], text: prompt }, _meta: { title: "Positive" } },
    "7": { class_type: "CLIPTextEncode", inputs: { clip: ["11", 1], text: "blurry" }, _meta: { title: "Negative" } },
    "8": { class_type: "VAEDecode", inputs: { samples: ["13", 0], vae: ["4", 2] } },
    "9": { class_type: "SaveImage", inputs: { images: ["10", 0], filename_prefix: `bench_${index}` } },
    "10": { class_type: "ImageScale", inputs: { image: ["8", 0], upscale_method: "lanczos", width: 1024, height: 1024, crop: "disabled" } },
    "11": { class_type: "LoraLoader", inputs: { model: ["4", 0], clip: ["4", 1], lora_name: "style.safetensors", strength_model: 0.8, strength_clip: 0.8 } },
    "12": { class_type: "LatentUpscaleBy", inputs: { samples: ["3", 0], upscale_method: "bislerp", scale_by: 1.5 } },
    "13": sampler("12", 0.5, index),
  };
}

const gui = {
  nodes: [
    { id: 1, type: "EmptyLatentImage", inputs: [], outputs: [{ name: "LATENT", type: "LATENT" }], widgets_values: [512, 512, 1] },
    { id: 2, type: "LatentUpscaleBy", inputs: [{ name: "samples", type: "LATENT", link: 1 }], outputs: [{ name: "LATENT", type: "LATENT" }], widgets_values: ["bislerp", 2] },
    { id: 3, type: "SaveLatent", inputs: [{ name: "samples", type: "LATENT", link: 2 }], outputs: [], widgets_values: ["bench"] },
  ],
  links: [[1, 1, 0, 2, 0, "LATENT"], [2, 2, 0, 3, 0, "LATENT"]],
  version: 0.4,
};

const wrapper = `name: Wrapped
workflow_file: _base.json
inputs:
  - { id: width, type: slider, min: 64, max: 2048, step: 8, default: 512, node_id: 1, field: width }
  - { id: height, type: slider, min: 64, max: 2048, step: 8, default: 512, node_id: 1, field: height }
  - { id: scale, type: slider, min: 1, max: 4, step: 0.5, default: 2, node_id: 2, field: scale_by }
`;

function moduleText(index: number): string {
  return `import { seed } from "comfyui-api/fields";
import { z } from "zod";
const RequestSchema = z.object({ prompt: z.string().min(1), steps: z.number().int().min(1).max(60).default(20), seed: seed() });
export default {
  RequestSchema,
  summary: "Bench ${index}",
  description: "For the bench.",
  metadata: { requiredNodes: ["KSampler"], requiredModels: [], modelSources: {} },
  generateWorkflow: (input: z.infer<typeof RequestSchema>) => ({ "1": { class_type: "KSampler", inputs: { text: input.prompt, steps: input.steps, seed: input.seed } } }),
};
`;
}

/** As many workflows, a quarter of each kind, in families of 50; and the export that the wrappers share. */
export function workflowFiles(count: number): readonly WorkflowText[] {
  const families = Array.from({ length: Math.ceil(count / 50) }, (_family, at) => ({ file: `family_${at}/_base.json`, text: JSON.stringify(gui) }));
  const files = Array.from({ length: count }, (_file, index): WorkflowText => {
    const name = `family_${Math.floor(index / 50)}/bench_${index}`;
    switch (index % 4) {
      case 0:
        return { file: `${name}.json`, text: JSON.stringify(graph(index, "a lighthouse")) };
      case 1:
        return { file: `${name}.template.json`, text: JSON.stringify(graph(index, "photo of {input.subject}, {input.style}")) };
      case 2:
        return { file: `${name}.webui.yml`, text: wrapper };
      default:
        return { file: `${name}.ts`, text: moduleText(index) };
    }
  });
  return [...families, ...files];
}
