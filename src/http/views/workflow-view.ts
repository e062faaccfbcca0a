import { z } from "@hono/zod-openapi";
import { jsonPointer } from "../../errors/pointer.ts";
import type { WorkflowForm } from "../../workflow/form.ts";
import { fileAccepts, type Workflow } from "../../workflow/workflow.ts";
import { curlLine } from "./curl-line.ts";
import { workflowPath } from "./paths.ts";

const UrlsSchema = z.object({
  run: z.string(),
  describe: z.string(),
  graph: z.string().openapi({ description: "POST inputs here to see the graph without running it" }),
});

const anyObject = z.record(z.string(), z.unknown());

const SummarySchema = z.object({ id: z.string(), summary: z.string(), description: z.string(), urls: UrlsSchema }).openapi("WorkflowSummary");

const BrokenSchema = z
  .object({
    id: z.string(),
    file: z.string().openapi({ description: "Below the workflows folder" }),
    line: z.number().int().nullable(),
    column: z.number().int().nullable(),
    message: z.string(),
  })
  .openapi("BrokenWorkflow");

export const WorkflowListSchema = z
  .object({
    workflows: z.array(SummarySchema),
    broken: z.array(BrokenSchema).openapi({ description: "Files below the workflows folder that did not become a workflow, and why" }),
  })
  .openapi("WorkflowList");

const FormSchema = z
  .object({
    sections: z.array(z.object({ id: z.string(), title: z.string(), collapsed: z.boolean() })),
    fields: z.array(
      z.object({
        name: z.string().openapi({ description: "Of the input" }),
        label: z.string(),
        section: z.string().nullable(),
        control: z.string().openapi({ description: "What it is filled in with: textarea, slider, image and the like" }),
        unit: z.string().optional(),
        placeholder: z.string().optional(),
        rows: z.number().optional(),
        options: z.array(z.object({ value: z.unknown(), label: z.string() })).optional(),
        depends_on: z.object({ field: z.string(), values: z.array(z.unknown()) }).optional(),
      }),
    ),
  })
  .openapi("WorkflowForm");

export const WorkflowSchema = z
  .object({
    id: z.string(),
    summary: z.string(),
    description: z.string(),
    inputs: anyObject.openapi({ description: "JSON Schema (2020-12) of the body to send" }),
    defaults: anyObject.openapi({ description: "What is used for an input that is left out" }),
    example: anyObject.openapi({ description: "Inputs that work as they stand" }),
    files: z.array(
      z.object({
        pointer: z.string().openapi({ description: "Where in the inputs the file stands; `*` for each item of a list" }),
        accepts: z.enum(fileAccepts),
      }),
    ),
    form: FormSchema.nullable().openapi({ description: "How the inputs are laid out for people, where the workflow's file says so" }),
    outputs: z.string(),
    metadata: anyObject.openapi({ description: "`required_nodes`, `required_models`, `model_sources`, and what else the author wrote" }),
    urls: UrlsSchema,
    curl: z.string().openapi({ description: "A line to try" }),
  })
  .openapi("Workflow");

export const GraphAnswerSchema = z
  .object({
    inputs: anyObject.openapi({ description: "As a job would use them: defaults filled in, seeds drawn" }),
    graph: anyObject.openapi({ description: "ComfyUI's API format" }),
  })
  .openapi("GraphAnswer");

const outputsNote =
  "The job lists its outputs, each with kind, content_type and url. " +
  "With “Accept: image/png” (or image/*, video/*, audio/*) the first such output is the answer itself.";

function viewUrls(id: string): z.infer<typeof UrlsSchema> {
  const path = workflowPath(id);
  return { run: path, describe: path, graph: `/v1/workflows${path}/graph` };
}

function viewForm({ sections, fields }: WorkflowForm): z.infer<typeof FormSchema> {
  return {
    sections: sections.map((section) => ({ ...section })),
    fields: fields.map(({ options, dependsOn, ...field }) => ({
      ...field,
      ...(options === undefined ? {} : { options: options.map((option) => ({ ...option })) }),
      ...(dependsOn === undefined ? {} : { depends_on: { field: dependsOn.field, values: [...dependsOn.values] } }),
    })),
  };
}

export function viewSummary(workflow: Workflow): z.infer<typeof SummarySchema> {
  return { id: workflow.id, summary: workflow.summary, description: workflow.description, urls: viewUrls(workflow.id) };
}

/** @param origin scheme and host under which the caller reached the gateway */
export function viewWorkflow(workflow: Workflow, origin: string): z.infer<typeof WorkflowSchema> {
  const { requiredNodes, requiredModels, modelSources, ...others } = workflow.metadata;
  return {
    id: workflow.id,
    summary: workflow.summary,
    description: workflow.description,
    inputs: { ...workflow.inputSchema },
    defaults: { ...workflow.defaults },
    example: { ...workflow.example },
    files: workflow.fileFields.map(({ path, accepts }) => ({ pointer: jsonPointer(path), accepts })),
    form: workflow.form === undefined ? null : viewForm(workflow.form),
    outputs: outputsNote,
    metadata: { ...others, required_nodes: requiredNodes, required_models: requiredModels, model_sources: modelSources },
    urls: viewUrls(workflow.id),
    curl: curlLine(workflow, origin),
  };
}
