import { z } from "@hono/zod-openapi";
import type { JobPreview } from "../../events/job-hub.ts";
import { jobEventTypes, type JobEvent } from "../../job/event.ts";
import { outputKinds } from "../../job/job.ts";
import type { JsonObject } from "../../json/exact.ts";
import { jobPath } from "./paths.ts";
import { errorCode, fieldErrors } from "./problem-view.ts";
import { time, viewTime } from "./time-view.ts";

const only = (types: string): { readonly description: string } => ({ description: `Of ${types}` });

const currentNode = z.object({ id: z.string(), class_type: z.string(), title: z.string(), step: z.number().int().nullable(), steps: z.number().int().nullable() });

export const EventSchema = z
  .object({
    job_id: z.string(),
    id: z.number().int().openapi({ description: "1, 2, 3 and so on within the job, without a hole" }),
    seq: z.number().int().openapi({ description: "Its place among the events of all jobs: increasing, with holes" }),
    at: time,
    type: z.enum(jobEventTypes),
    position: z.number().int().optional().openapi({ description: "Of `queued` and `position`: jobs that go first. The first ten that wait are told of each change" }),
    attempt: z.number().int().optional().openapi(only("`started` and `retrying`")),
    not_before: time.nullable().optional().openapi({ description: "Of `retrying`: when the next attempt may begin" }),
    class_type: z.string().optional().openapi(only("`node_started` and `node_finished`")),
    title: z.string().optional().openapi(only("`node_started` and `node_finished`")),
    percent: z.number().optional().openapi({ description: "Of `progress`: 0 to 100; never goes down within an attempt" }),
    completed_nodes: z.number().int().optional().openapi(only("`progress`")),
    total_nodes: z.number().int().optional().openapi(only("`progress`")),
    current_node: currentNode.nullable().optional().openapi(only("`progress`")),
    node_id: z.string().optional().openapi(only("`node_started`, `node_finished`, `output` and `warning`")),
    code: z.string().optional().openapi(only("`warning`")),
    message: z.string().optional().openapi(only("`warning`")),
    index: z.number().int().optional().openapi(only("`output`")),
    kind: z.enum(outputKinds).optional().openapi(only("`output`")),
    filename: z.string().optional().openapi(only("`output`")),
    content_type: z.string().optional().openapi(only("`output`")),
    size: z.number().int().optional().openapi({ description: "Of `output`: bytes" }),
    sha256: z.string().optional().openapi(only("`output`")),
    url: z.string().optional().openapi(only("`output`")),
    error: z.object({ code: errorCode, detail: z.string(), errors: fieldErrors.optional() }).optional().openapi(only("`failed` and `retrying`")),
    reason: z.string().nullable().optional().openapi(only("`cancelled`")),
  })
  .openapi("JobEvent", { description: "An entry of a job's log. `completed`, `failed` and `cancelled` are the last of a job" });

/** The event as every reader gets it, whichever way it reads. */
export function viewEvent({ jobId, id, seq, at, type, data }: JobEvent): JsonObject {
  const index = data["index"];
  const link = type === "output" && typeof index === "number" ? { url: `${jobPath(jobId)}/outputs/${index}` } : {};
  return { job_id: jobId, id, seq, at: viewTime(at), type, ...data, ...link };
}

export function viewPreview(jobId: string, { nodeId, contentType, image }: JobPreview): JsonObject {
  return { job_id: jobId, node_id: nodeId, content_type: contentType, data: Buffer.from(image).toString("base64") };
}
