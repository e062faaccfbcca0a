import { isolateOutputs } from "../graph/isolate.ts";
import type { Job, NewJob } from "./job.ts";

/** What acceptance stores: the job's save nodes write below a folder of its own, so that no two jobs share a file name. */
export function newJob(parts: NewJob): NewJob {
  return { ...parts, graph: isolateOutputs(parts.graph, `comfyui-api/${parts.id}`) };
}

/** The job as it is once it has been accepted: it waits, and nothing has happened to it. */
export function acceptedJob(job: NewJob): Job {
  const { id, owner, workflow, priority, inputs, graph, files, origins, createdAt, startTimeoutMs, runTimeoutMs, webhookUrl } = job;
  return {
    id, owner, workflow, priority, inputs, graph, files, origins, createdAt, startTimeoutMs, runTimeoutMs, webhookUrl,
    status: "queued",
    attempt: 0,
    promptId: null,
    attempts: [],
    notBefore: null,
    cancelRequestedAt: null,
    startedAt: null,
    completedAt: null,
    progress: null,
    outputs: [],
    warnings: [],
    error: null,
    cachedNodes: null,
  };
}
