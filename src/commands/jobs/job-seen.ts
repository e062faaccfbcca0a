import { z } from "zod";
import { GatewayRefusal } from "./gateway-client.ts";

const progress = z.looseObject({
  percent: z.number(),
  current_node: z.looseObject({ title: z.string(), step: z.number().nullable(), steps: z.number().nullable() }).nullable(),
});

/** What the commands show of a job; the rest passes through for `--json`. */
const jobSchema = z.looseObject({
  id: z.string(),
  workflow: z.string().nullable(),
  status: z.string(),
  priority: z.string(),
  attempt: z.number(),
  created_at: z.string(),
  started_at: z.string().nullable(),
  completed_at: z.string().nullable(),
  queue_position: z.number().nullable(),
  progress: progress.nullable(),
  inputs: z.record(z.string(), z.unknown()),
  outputs: z.array(z.looseObject({ filename: z.string(), content_type: z.string(), size: z.number(), url: z.string(), text: z.string().optional() })),
  warnings: z.array(z.looseObject({ code: z.string(), message: z.string() })),
  error: z.looseObject({ code: z.string(), detail: z.string() }).nullable(),
  metrics: z.looseObject({ execution_seconds: z.number().nullable() }),
});

const pageSchema = z.object({ jobs: z.array(jobSchema), next_cursor: z.string().nullable() });

export type JobSeen = z.infer<typeof jobSchema>;
export type JobPageSeen = z.infer<typeof pageSchema>;

/** @throws {GatewayRefusal} when it is no job */
export function readJob(body: unknown): JobSeen {
  return read(jobSchema, body);
}

/** @throws {GatewayRefusal} when it is no page of jobs */
export function readPage(body: unknown): JobPageSeen {
  return read(pageSchema, body);
}

function read<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw new GatewayRefusal(200, "What answers there does not speak as a comfyui-api of this version does.");
}

export function jobPath(id: string): string {
  return `/v1/jobs/${encodeURIComponent(id)}`;
}
