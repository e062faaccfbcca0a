import { createRoute, z } from "@hono/zod-openapi";
import { AppError } from "../../errors/app-error.ts";
import { isFinished } from "../../job/job.ts";
import { jsonAnswer } from "../answer.ts";
import { json, problems } from "../declared-responses.ts";
import type { HttpDeps } from "../deps.ts";
import { findJob, jobView } from "../job-now.ts";
import { noQuery, readQuery } from "../query.ts";
import { pathParam, type HttpContext, type Route } from "../route.ts";
import { JobSchema } from "../views/job-view.ts";
import { jobPath } from "../views/paths.ts";
import { interruptions, waitForJob } from "../waiting.ts";

/** ComfyUI looks at an interrupt between two steps, which are over within a second or two for most models. */
const waitMs = 5_000;

/** The job is in the hands of a runner, which has to take it out of ComfyUI first. */
async function askToCancel(c: HttpContext, deps: HttpDeps, jobId: string): Promise<Response> {
  deps.hub.cancelRequested(jobId);
  const job = await waitForJob(deps, { jobId, waitMs, ...interruptions(c, deps) });
  const view = await jobView(job, "url", deps);
  return isFinished(job.status) ? jsonAnswer(200, view) : jsonAnswer(202, view, { Location: jobPath(jobId) });
}

export const cancelJob: Route = {
  needs: "run",
  pattern: "/v1/jobs/:id",
  config: createRoute({
    method: "delete",
    path: "/v1/jobs/{id}",
    operationId: "cancel_job",
    tags: ["jobs"],
    summary: "Cancel a job",
    description: "A job that waits is cancelled at once; one that ComfyUI has is taken out of it or interrupted. Outputs that were finished before stay.",
    request: { params: z.object({ id: z.string() }) },
    responses: {
      200: json("The job, finished: cancelled, unless it was done before it could be stopped", JobSchema),
      202: json("The job, which is being cancelled: ComfyUI has not stopped yet", JobSchema),
      ...problems("invalid_query", "job_not_found", "job_finished", "storage_failed"),
    },
  }),
  async handle(c, deps) {
    readQuery(c, noQuery);
    const { id } = await findJob(deps, pathParam(c, "id"));
    switch (await deps.jobs.requestCancel({ jobId: id, nowMs: deps.clock.now() })) {
      case "requested":
        return askToCancel(c, deps, id);
      case "cancelled":
        deps.watch.withdrawn({ id, status: "cancelled", code: null, at: deps.clock.now() });
        deps.hub.ended(id);
        deps.hub.queueMoved();
        return jsonAnswer(200, await jobView(await findJob(deps, id), "url", deps));
      case "finished":
        throw new AppError("job_finished", "The job is finished and cannot be cancelled any more.");
      case "unknown":
        throw new AppError("job_not_found", "The job has been removed.");
    }
  },
};
