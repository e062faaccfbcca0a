import type { Job } from "./job.ts";

/** A whole job for tests, queued and untouched but for what is given. */
export function exampleJob(parts: Partial<Job> = {}): Job {
  return {
    id: "0f8fad5b-d9cb-469f-a165-70867728950e",
    owner: null,
    workflow: null,
    status: "queued",
    priority: "normal",
    inputs: {},
    graph: { "1": { class_type: "PreviewAny", inputs: { source: "hello" } } },
    files: [],
    origins: {},
    attempt: 0,
    promptId: null,
    attempts: [],
    createdAt: Date.parse("2026-01-01T00:00:00Z"),
    notBefore: null,
    startTimeoutMs: null,
    runTimeoutMs: null,
    webhookUrl: null,
    cancelRequestedAt: null,
    startedAt: null,
    completedAt: null,
    progress: null,
    outputs: [],
    warnings: [],
    error: null,
    cachedNodes: null,
    ...parts,
  };
}
