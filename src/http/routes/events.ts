import { createRoute, z } from "@hono/zod-openapi";
import { AppError } from "../../errors/app-error.ts";
import { isFinished } from "../../job/job.ts";
import { problems } from "../declared-responses.ts";
import { findJob } from "../job-now.ts";
import { readQuery } from "../query.ts";
import { pathParam, type Route } from "../route.ts";
import { eventStream } from "../stream/event-stream.ts";
import { startingPoint } from "../stream/starting-point.ts";
import { EventSchema } from "../views/event-view.ts";

const eventsQuery = z.strictObject({
  after: z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER).default(0).openapi({ description: "Id of the last event that was read; 0 for all" }),
});

/** @throws {AppError} `invalid_query` */
function readLastEventId(header: string | undefined): number | null {
  if (header === undefined || header === "") return null;
  if (/^\d{1,15}$/.test(header)) return Number(header);
  throw new AppError("invalid_query", "The header Last-Event-ID is not the id of an event of this job, which is a whole number.");
}

const description = `Server-Sent Events. Each has the event's \`type\` as its name, its number as its \`id\`, and the event as JSON in \`data\`. The events that
happened before come first, each once and in order; the stream ends after \`completed\`, \`failed\` or \`cancelled\`. Events named \`preview\` come without an id and are not
repeated: \`{"job_id","node_id","content_type","data"}\`, the newest picture of the job under way in base64. A comment every 15 s keeps the connection open.`;

export const jobEvents: Route = {
  needs: "read",
  pattern: "/v1/jobs/:id/events",
  config: createRoute({
    method: "get",
    path: "/v1/jobs/{id}/events",
    operationId: "job_events",
    tags: ["jobs"],
    summary: "What happens to a job, as it happens",
    description,
    request: {
      params: z.object({ id: z.string() }),
      query: eventsQuery,
      headers: z.object({ "Last-Event-ID": z.string().optional().openapi({ description: "As `after`, which it precedes: browsers send it when they connect again" }) }),
    },
    responses: {
      200: { description: "The events; `data` is one JobEvent each", content: { "text/event-stream": { schema: EventSchema } } },
      204: { description: "The job is finished and all has been read: a browser then connects no more" },
      ...problems("invalid_query", "job_not_found", "storage_failed"),
    },
  }),
  async handle(c, deps) {
    const { after } = readQuery(c, eventsQuery);
    const wanted = readLastEventId(c.req.header("Last-Event-ID")) ?? after;
    const job = await findJob(deps, pathParam(c, "id"));
    const { afterId, hasMore } = await startingPoint(deps.jobs, job.id, wanted);
    if (!hasMore && isFinished(job.status)) return new Response(null, { status: 204 });
    return eventStream(c, deps, { jobId: job.id, afterId });
  },
};
