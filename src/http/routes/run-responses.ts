import { z, type RouteConfig } from "@hono/zod-openapi";
import { BinarySchema } from "../views/binary.ts";
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
});

const jobId = z.object({ "X-Job-Id": z.string(), "Preference-Applied": z.string().optional() });

/** What an accepted run answers with. */
export const runResponses: RouteConfig["responses"] = {
  200: {
    description: "The job, finished: completed or failed. With `Accept: image/png` (or `image/*`, `video/*`, `audio/*`) the bytes of its first such output.",
    headers: jobId,
    content: {
      "application/json": { schema: JobSchema },
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
