import type { Job, JobOutput } from "./job.ts";
import { acceptedJob } from "./new-job.ts";

/** A whole job for tests, queued and untouched but for what is given. */
export function exampleJob(parts: Partial<Job> = {}): Job {
  const accepted = acceptedJob({
    id: "0f8fad5b-d9cb-469f-a165-70867728950e",
    owner: null,
    workflow: null,
    priority: "normal",
    inputs: {},
    graph: { "1": { class_type: "PreviewAny", inputs: { source: "hello" } } },
    files: [],
    origins: {},
    createdAt: Date.parse("2026-01-01T00:00:00Z"),
    startTimeoutMs: null,
    runTimeoutMs: null,
    webhookUrl: null,
  });
  return { ...accepted, ...parts };
}

/** A picture that a job has made. */
export const exampleOutput: JobOutput = { index: 0, nodeId: "1", kind: "image", filename: "1.png", contentType: "image/png", size: 9, sha256: "cd".repeat(32) };
