import { AppError } from "../errors/app-error.ts";
import type { Job, JobSummary } from "../job/job.ts";
import type { HttpDeps } from "./deps.ts";
import { inlineOutputs } from "./inline-outputs.ts";
import type { RunOptions } from "./run-options.ts";
import { viewJob, type JobView } from "./views/job-view.ts";

/** Earlier runs of a workflow that an estimate is made from: enough to even out, few enough to follow a new card. */
const lastRuns = 20;

/** @throws {AppError} `job_not_found` */
export async function findJob({ jobs }: Pick<HttpDeps, "jobs">, id: string): Promise<Job> {
  const job = await jobs.get(id);
  if (job === null) throw new AppError("job_not_found", "There is no job with this id. GET /v1/jobs lists those there are.");
  return job;
}

/** Earlier runs take this long on average: by the share that is done, so much of it is left. */
async function remainingMs({ status, workflow, progress }: JobSummary, jobs: HttpDeps["jobs"]): Promise<number | null> {
  if (status !== "running" || progress === null || workflow === null) return null;
  const averageMs = await jobs.averageExecutionMs({ workflow, lastRuns });
  return averageMs === null ? null : averageMs * (1 - progress.percent / 100);
}

/** The job as JSON shows it now: with its place in the queue, what is left of its run, and what its receiver said. */
export async function jobView(job: JobSummary, outputs: RunOptions["outputs"], { jobs, files, limits }: Pick<HttpDeps, "jobs" | "files" | "limits">): Promise<JobView> {
  return viewJob(job, {
    queuePosition: job.status === "queued" ? await jobs.queuePosition(job.id) : null,
    remainingMs: await remainingMs(job, jobs),
    deliveries: job.webhookUrl === null ? null : await jobs.listDeliveries(job.id),
    ...(outputs === "url" ? {} : { outputs: await inlineOutputs(job, files, limits.maxInlineBytes) }),
  });
}
