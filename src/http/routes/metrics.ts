import { createRoute } from "@hono/zod-openapi";
import { textAnswer } from "../answer.ts";
import { problems } from "../declared-responses.ts";
import type { Route } from "../route.ts";

export const metrics: Route = {
  needs: "open",
  pattern: "/metrics",
  config: createRoute({
    method: "get",
    path: "/metrics",
    operationId: "metrics",
    tags: ["gateway"],
    summary: "Numbers for Prometheus",
    responses: { 200: { description: "Prometheus' text format", content: { "text/plain": { schema: { type: "string" } } } }, ...problems("storage_failed") },
  }),
  async handle(_c, deps) {
    const { text, contentType } = await deps.metrics.scrape();
    return textAnswer(200, text, { "Content-Type": contentType, "Cache-Control": "no-store" });
  },
};
