import { z } from "zod";
import { imageFile, seed } from "../../src/workflow/fields.ts";
import { workflowFromModule } from "../../src/workflow/module-source.ts";
import type { Workflow } from "../../src/workflow/workflow.ts";

const metadata = { requiredNodes: ["Draw", "SaveImage"], requiredModels: ["m.safetensors"], modelSources: { "m.safetensors": "https://models.example/m.safetensors" } };

/** What the runner of the tests makes of a job. */
const draw = {
  format: z.enum(["png", "webp", "svg", "html", "text", "none"]).default("png"),
  fate: z.enum(["completed", "comfyui_node_failed", "comfyui_rejected", "start_timeout", "pending", "running"]).default("completed"),
};

const picture = {
  RequestSchema: z.object({
    prompt: z.string().min(1).meta({ examples: ["a red cube"] }),
    steps: z.number().int().min(1).max(100).default(20),
    seed: seed(),
    ...draw,
  }),
  generateWorkflow: ({ prompt, steps, seed: drawn, format, fate }: Record<string, unknown>) => ({
    "1": { class_type: "Draw", inputs: { prompt, steps, seed: drawn, format, fate } },
    "2": { class_type: "SaveImage", inputs: { images: ["1", 0], filename_prefix: "out" } },
  }),
  summary: "A picture",
  description: "Draws a picture.",
  metadata,
};

const edit = {
  RequestSchema: z.object({
    image: imageFile(),
    references: z.array(imageFile()).default([]),
    prompt: z.string(),
    strength: z.number().min(0).max(1).default(0.5),
    hires: z.boolean().default(false),
    ...draw,
  }),
  generateWorkflow: ({ image, references, prompt, strength, hires, format, fate }: Record<string, unknown>) => ({
    "1": { class_type: "Draw", inputs: { image, prompt, strength, hires, format, fate, references: { __value__: references } } },
  }),
  summary: "A changed picture",
  description: "Changes a picture.",
  metadata,
};

const crash = {
  RequestSchema: z.object({}),
  generateWorkflow: () => {
    throw new Error("secret of the module");
  },
  summary: "A failure",
  description: "Fails.",
  metadata,
};

function workflow(id: string, module: unknown): Workflow {
  const result = workflowFromModule(id, { default: module });
  if ("problems" in result) throw new Error(result.problems.join("\n"));
  return result.workflow;
}

export function testWorkflows(): readonly Workflow[] {
  return [workflow("test/picture", picture), workflow("test/edit", edit), workflow("test/crash", crash), workflow("test/deep/er/picture", picture)];
}
