import { AppError } from "../errors/app-error.ts";
import type { JobSummary } from "../job/job.ts";
import type { HttpDeps } from "./deps.ts";
import { inlineOutputs } from "./inline-outputs.ts";
import type { RunOptions } from "./run-options.ts";
import { viewOutput } from "./views/output-view.ts";
import { viewJob, type JobView } from "./views/job-view.ts";

/** Earlier runs of a workflow that an estimate is made from: enough to even out, few enough to follow a new card. */
const lastRuns = 20;

/** @throws {AppError} `job_not_found` */
export async function findJob({ jobs }: Pick<HttpDeps, "jobs">, id: string): Promise<JobSummary> {
  const job = await jobs.getSummary(id);
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
export async function jobView(job: JobSummary, outputs: RunOptions["outputs"], deps: Pick<HttpDeps, "jobs" | "files" | "limits" | "access">): Promise<JobView> {
  return viewAt(job, job.status === "queued" ? await deps.jobs.queuePosition(job.id) : null, outputs, deps);
}

/** Each of them as JSON shows it now. */
export async function jobViews(page: readonly JobSummary[], deps: Pick<HttpDeps, "jobs" | "files" | "limits" | "access">): Promise<readonly JobView[]> {
  const waiting = page.filter(({ status }) => status === "queued").map(({ id }) => id);
  const places = await deps.jobs.queuePositions(waiting);
  return Promise.all(page.map((job) => viewAt(job, places.get(job.id) ?? null, "url", deps)));
}

async function viewAt(job: JobSummary, queuePosition: number | null, outputs: RunOptions["outputs"], deps: Pick<HttpDeps, "jobs" | "files" | "limits" | "access">): Promise<JobView> {
  const { jobs, access } = deps;
  return viewJob(job, {
    queuePosition,
    remainingMs: await remainingMs(job, jobs),
    deliveries: job.webhookUrl === null ? null : await jobs.listDeliveries(job.id),
    outputs: outputs === "inline" ? await inlineOutputs(job, deps) : job.outputs.map((output) => viewOutput(job.id, output, access.links)),
  });
}
