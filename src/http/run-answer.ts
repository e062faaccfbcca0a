import { AppError } from "../errors/app-error.ts";
import { isFinished, type Job, type JobOutput, type JobSummary, type NewJob } from "../job/job.ts";
import { chooseOutput } from "./accept.ts";
import { jsonAnswer } from "./answer.ts";
import { fileAnswer } from "./bytes/file-answer.ts";
import type { HttpDeps } from "./deps.ts";
import { inlineOutputs } from "./inline-outputs.ts";
import { problemAnswer } from "./problem-answer.ts";
import type { HttpContext } from "./route.ts";
import type { RunOptions } from "./run-options.ts";
import { viewJob, type JobView } from "./views/job-view.ts";
import { jobPath } from "./views/paths.ts";
import { waitForJob } from "./waiting.ts";

/** The job as JSON shows it now, with its place in the queue. */
export async function jobView(job: JobSummary, outputs: RunOptions["outputs"], { jobs, files, limits }: HttpDeps): Promise<JobView> {
  const position = job.status === "queued" ? await jobs.queuePosition(job.id) : null;
  return outputs === "url" ? viewJob(job, position) : viewJob(job, position, await inlineOutputs(job, files, limits.maxInlineBytes));
}

/** Stores the job, then waits as long as the caller wants and answers with what there is. The job is on disk before anything is answered. */
export async function runAndAnswer(c: HttpContext, deps: HttpDeps, job: NewJob, options: RunOptions): Promise<Response> {
  const answer = await deps.jobs.insert(job, { maxQueued: Infinity });
  if (answer.outcome !== "inserted") throw new AppError("internal", "An unbounded queue refused a job.");
  const accepted = answer.job;
  deps.hub.queued();
  const { waitSeconds } = options.wait;
  const signals = deps.stopping === undefined ? [c.req.raw.signal] : [c.req.raw.signal, deps.stopping];
  const latest = waitSeconds === 0 ? accepted : await waitForJob(deps, { jobId: job.id, waitMs: waitSeconds * 1000, signals });
  return isFinished(latest.status) ? answerFinished(c, deps, latest, options) : answerPending(deps, latest, options);
}

function runHeaders(job: Job, { wait }: RunOptions): Record<string, string> {
  return { "X-Job-Id": job.id, ...(wait.applied === null ? {} : { "Preference-Applied": wait.applied }), Vary: "Accept, Prefer" };
}

async function answerPending(deps: HttpDeps, job: Job, options: RunOptions): Promise<Response> {
  return jsonAnswer(202, await jobView(job, options.outputs, deps), { ...runHeaders(job, options), Location: jobPath(job.id) });
}

async function answerFinished(c: HttpContext, deps: HttpDeps, job: Job, options: RunOptions): Promise<Response> {
  const { wanted } = options;
  const headers = runHeaders(job, options);
  if (wanted.kind === "job") return jsonAnswer(200, await jobView(job, options.outputs, deps), headers);
  const located = { ...headers, Location: jobPath(job.id) };
  if (job.error !== null) {
    const { code, detail, errors } = job.error;
    return problemAnswer(c, new AppError(code, detail, { errors }), { instance: jobPath(job.id), headers: located });
  }
  const output = chooseOutput(wanted.ranges, job.outputs);
  if (output !== undefined) return fileAnswer(c, deps.files, servedOutput(output), located);
  if (wanted.jobWillDo) return jsonAnswer(200, await jobView(job, options.outputs, deps), headers);
  return problemAnswer(c, noSuchOutput(job), { instance: jobPath(job.id), headers: located });
}

/** An output as it is served. */
export function servedOutput(output: JobOutput): { id: string; size: number; contentType: string; filename: string } {
  return { id: output.sha256, size: output.size, contentType: output.contentType, filename: output.filename };
}

function noSuchOutput(job: Job): AppError {
  const types = [...new Set(job.outputs.map(({ contentType }) => contentType))];
  const has = types.length === 0 ? "It has no outputs." : `Its outputs are: ${types.join(", ")}.`;
  return new AppError("not_acceptable", `The job is ${job.status} but has no output of the type that Accept asks for. ${has} The job is at ${jobPath(job.id)}.`);
}
