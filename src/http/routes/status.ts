import { createRoute } from "@hono/zod-openapi";
import { jsonAnswer } from "../answer.ts";
import { json, problems } from "../declared-responses.ts";
import { noQuery, readQuery } from "../query.ts";
import type { Route } from "../route.ts";
import { StatusSchema, viewStatus } from "../views/status-view.ts";

export const status: Route = {
  needs: "read",
  pattern: "/v1/status",
  config: createRoute({
    method: "get",
    path: "/v1/status",
    operationId: "status",
    tags: ["gateway"],
    summary: "Queue, ComfyUI and GPU",
    responses: { 200: json("The status", StatusSchema), ...problems("invalid_query", "storage_failed") },
  }),
  async handle(c, deps) {
    readQuery(c, noQuery);
    const { version, workflows } = deps;
    const counts = { version, served: workflows.list().length, broken: workflows.broken().length };
    return jsonAnswer(200, viewStatus(await deps.status(), counts));
  },
};
