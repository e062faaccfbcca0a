import { createRoute, z } from "@hono/zod-openapi";
import { AppError } from "../../errors/app-error.ts";
import { jsonAnswer } from "../answer.ts";
import { json, problems } from "../declared-responses.ts";
import { findJob, jobView } from "../job-now.ts";
import { noQuery, readQuery } from "../query.ts";
import { pathParam, type Route } from "../route.ts";
import { JobSchema } from "../views/job-view.ts";

export const redeliverWebhook: Route = {
  needs: "run",
  pattern: "/v1/jobs/:id/webhook/redeliver",
  config: createRoute({
    method: "post",
    path: "/v1/jobs/{id}/webhook/redeliver",
    operationId: "redeliver_webhook",
    tags: ["jobs"],
    summary: "Send the webhook of a finished job once more",
    description: "The same message with the same `webhook-id`, by the same rules as the first time, whatever became of it then.",
    request: { params: z.object({ id: z.string() }) },
    responses: {
      202: json("The job; its webhook is to be sent", JobSchema),
      ...problems("invalid_query", "job_not_found", "webhook_not_found", "job_not_finished", "storage_failed"),
    },
  }),
  async handle(c, deps) {
    readQuery(c, noQuery);
    const job = await findJob(deps, pathParam(c, "id"));
    switch (await deps.jobs.redeliver({ jobId: job.id, nowMs: deps.clock.now() })) {
      case "queued": {
        const view = await jobView(job, "url", deps);
        deps.hub.ended(job.id);
        return jsonAnswer(202, view);
      }
      case "no-webhook":
        throw new AppError("webhook_not_found", "The job was sent without a webhook. Give one with ?webhook= when you send a job.");
      case "not-finished":
        throw new AppError("job_not_finished", "The job is not finished. Its webhook is sent when it is.");
      case "unknown":
        throw new AppError("job_not_found", "The job has been removed.");
    }
  },
};
