import { z, type RouteConfig } from "@hono/zod-openapi";
import { BinarySchema } from "../views/binary.ts";
import { EventSchema } from "../views/event-view.ts";
import { JobSchema } from "../views/job-view.ts";

export const runHeaderParams = z.object({
  Prefer: z
    .string()
    .optional()
    .openapi({
      description:
        "`wait=N` waits up to N seconds (0 to 300) for the job; `respond-async` answers at once. Without it the gateway waits as long as it is set up to.",
      example: "wait=60",
    }),
  "Idempotency-Key": z
    .string()
    .min(1)
    .max(255)
    .optional()
    .openapi({
      description:
        "Makes it safe to send the request again: for 24 hours the same key with the same request is answered with the same job, and with another request is refused. 1 to 255 visible ASCII characters.",
    }),
});

const jobId = z.object({
  "X-Job-Id": z.string(),
  "Preference-Applied": z.string().optional(),
  "Idempotency-Replayed": z.literal("true").optional().openapi({ description: "The job is that of an earlier request with the same Idempotency-Key" }),
});

/** What an accepted run answers with. */
export const runResponses: RouteConfig["responses"] = {
  200: {
    description: "The job, finished: completed, failed or cancelled. With `Accept: image/png` (or `image/*`, `video/*`, `audio/*`) the bytes of its first such output. With `Accept: text/event-stream` its events as they happen, as `GET /v1/jobs/{id}/events` sends them, from the first to the last.",
    headers: jobId,
    content: {
      "application/json": { schema: JobSchema },
      "text/event-stream": { schema: EventSchema },
      "image/png": { schema: BinarySchema },
      "image/*": { schema: BinarySchema },
      "video/*": { schema: BinarySchema },
      "audio/*": { schema: BinarySchema },
    },
  },
  202: {
    description: "The job, accepted and not finished when the wait was over. `Location` is where to look again.",
    headers: jobId.extend({ Location: z.string() }),
    content: { "application/json": { schema: JobSchema } },
  },
};
