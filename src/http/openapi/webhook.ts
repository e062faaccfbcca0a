import { z, type RouteConfig } from "@hono/zod-openapi";
import { JobSchema } from "../views/job-view.ts";
import { time } from "../views/time-view.ts";

const MessageSchema = z
  .object({ type: z.enum(["job.completed", "job.failed", "job.cancelled"]), timestamp: time.openapi({ description: "Of the job's end" }), data: JobSchema })
  .openapi("JobFinished");

const description = `Sent to the \`webhook\` of a run when its job is finished, after the Standard Webhooks specification. \`webhook-signature\` is \`v1,\` and the base64 of
HMAC-SHA256 over \`{webhook-id}.{webhook-timestamp}.{body}\`, with the gateway's webhook secret as key (the base64 behind \`whsec_\`). Sent at least once: a message that
comes again has the same \`webhook-id\`. Anything but a 2xx within 15 s is tried again for some sixteen hours; \`Retry-After\` is heeded, and 410 ends it. Redirects are not followed.`;

/** What the gateway itself sends. */
export const jobFinished: RouteConfig = {
  method: "post",
  path: "job_finished",
  operationId: "job_finished",
  summary: "A job is finished",
  description,
  request: {
    headers: z.object({
      "webhook-id": z.string(),
      "webhook-timestamp": z.string().openapi({ description: "Seconds since the epoch, of this try" }),
      "webhook-signature": z.string(),
    }),
    body: { content: { "application/json": { schema: MessageSchema } } },
  },
  responses: { "2XX": { description: "Taken" }, 410: { description: "No more of this" } },
};
