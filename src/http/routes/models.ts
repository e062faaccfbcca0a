import { createRoute, z } from "@hono/zod-openapi";
import { jsonAnswer } from "../answer.ts";
import { json, problems } from "../declared-responses.ts";
import { readQuery } from "../query.ts";
import type { Route } from "../route.ts";
import { viewTimeOrNull } from "../views/time-view.ts";

const modelsQuery = z.strictObject({
  type: z.string().min(1).max(100).optional().openapi({ description: "Only those in this folder of ComfyUI: `checkpoints`, `loras`, `vae` and so on" }),
});

const ModelsSchema = z
  .object({
    types: z.array(z.string()).openapi({ description: "Folders that hold a model" }),
    models: z.array(
      z.object({
        type: z.string().openapi({ description: "ComfyUI's folder" }),
        name: z.string().openapi({ description: "As a loader node takes it: a path below the folder" }),
        size: z.number().int().nullable().openapi({ description: "Bytes; null when neither ComfyUI nor the disk of this host tells" }),
        modified_at: z.string().nullable().openapi({ format: "date-time" }),
      }),
    ),
  })
  .openapi("Models");

export const models: Route = {
  needs: "read",
  pattern: "/v1/models",
  config: createRoute({
    method: "get",
    path: "/v1/models",
    operationId: "list_models",
    tags: ["gateway"],
    summary: "Model files of the host",
    description: "As ComfyUI lists them; asked again after 60 seconds. A size that ComfyUI does not tell is read from the disk, where ComfyUI is on the gateway's host and the file can be seen.",
    request: { query: modelsQuery },
    responses: { 200: json("The models", ModelsSchema), ...problems("invalid_query", "comfyui_unreachable", "comfyui_unexpected") },
  }),
  async handle(c, deps) {
    const { type } = readQuery(c, modelsQuery);
    const all = await deps.models();
    const wanted = type === undefined ? all : all.filter((model) => model.type === type);
    const viewed = wanted.map(({ modifiedAt, ...model }) => ({ ...model, modified_at: viewTimeOrNull(modifiedAt) }));
    return jsonAnswer(200, { types: [...new Set(all.map((model) => model.type))], models: viewed });
  },
};
