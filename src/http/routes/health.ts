import { createRoute } from "@hono/zod-openapi";
import { AppError } from "../../errors/app-error.ts";
import { jsonAnswer } from "../answer.ts";
import { json, problems } from "../declared-responses.ts";
import type { Route } from "../route.ts";
import { HealthSchema, ReadySchema } from "../views/status-view.ts";

export const health: Route = {
  needs: "open",
  pattern: "/health",
  config: createRoute({
    method: "get",
    path: "/health",
    operationId: "health",
    tags: ["gateway"],
    summary: "Whether the process lives",
    responses: { 200: json("It does", HealthSchema), ...problems() },
  }),
  handle: () => jsonAnswer(200, { status: "ok" }),
};

export const ready: Route = {
  needs: "open",
  pattern: "/ready",
  config: createRoute({
    method: "get",
    path: "/ready",
    operationId: "ready",
    tags: ["gateway"],
    summary: "Whether jobs can run now: the store is writable and ComfyUI answers",
    responses: { 200: json("They can", ReadySchema), ...problems("not_ready") },
  }),
  async handle(_c, deps) {
    const { ready: isReady, problems: found } = await deps.readiness();
    if (!isReady) throw new AppError("not_ready", found.join(" "));
    return jsonAnswer(200, { ready: true });
  },
};
