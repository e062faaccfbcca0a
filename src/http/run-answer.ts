import { AppError } from "../errors/app-error.ts";
import type { EndWatch } from "../events/end-watch.ts";
import { isFinished, type JobOutput, type JobSummary } from "../job/job.ts";
import { chooseOutput } from "./accept.ts";
import { jsonAnswer } from "./answer.ts";
import { fileAnswer } from "./bytes/file-answer.ts";
import type { HttpDeps } from "./deps.ts";
import { jobView } from "./job-now.ts";
import { problemAnswer } from "./problem-answer.ts";
import type { HttpContext } from "./route.ts";
import type { RunOptions } from "./run-options.ts";
import { eventStream } from "./stream/event-stream.ts";
import { jobPath } from "./views/paths.ts";
import { interruptions, waitForJob } from "./waiting.ts";

/** A job that was accepted, now or by an earlier request with the same idempotency key. */
export interface AcceptedRun {
  readonly job: JobSummary;
  readonly options: RunOptions;
  readonly isReplayed: boolean;
  /** Since before the job was inserted; absent for an earlier job. */
  readonly ended?: EndWatch;
}

/** Answers as the caller wants: with the job's events, or after a wait with what there is then. */
export async function answerRun(c: HttpContext, deps: HttpDeps, run: AcceptedRun): Promise<Response> {
  const { job, options, ended } = run;
  c.set("jobId", job.id);
  if (options.wanted.kind === "events") return eventStream(c, deps, { jobId: job.id, afterId: 0 }, { ...runHeaders(run), Location: jobPath(job.id) });
  const waitMs = options.wait.waitSeconds * 1000;
  const fromOutputs = (outputs: readonly JobOutput[]): ChosenOutput | null => chosenOf(run, outputs);
  const latest = waitMs === 0 ? job : await waitForJob(deps, { jobId: job.id, waitMs, ...interruptions(c, deps), ended, fromOutputs });
  if ("output" in latest) return answerOutput(c, deps, run, latest.output);
  return isFinished(latest.status) ? answerFinished(c, deps, { ...run, job: latest }) : answerPending(deps, { ...run, job: latest });
}

interface ChosenOutput {
  readonly output: JobOutput;
}

/** null when the caller wants something else, or there is none of the kind. */
function chosenOf({ options: { wanted } }: AcceptedRun, outputs: readonly JobOutput[]): ChosenOutput | null {
  const output = wanted.kind === "output" ? chooseOutput(wanted.ranges, outputs) : undefined;
  return output === undefined ? null : { output };
}

function runHeaders({ job, options: { wait }, isReplayed }: AcceptedRun): Record<string, string> {
  return {
    "X-Job-Id": job.id,
    ...(wait.applied === null ? {} : { "Preference-Applied": wait.applied }),
    ...(isReplayed ? { "Idempotency-Replayed": "true" } : {}),
    Vary: "Accept, Prefer",
  };
}

async function answerPending(deps: HttpDeps, run: AcceptedRun): Promise<Response> {
  const { job, options } = run;
  return jsonAnswer(202, await jobView(job, options.outputs, deps), locatedHeaders(run));
}

function locatedHeaders(run: AcceptedRun): Record<string, string> {
  return { ...runHeaders(run), Location: jobPath(run.job.id) };
}

function answerOutput(c: HttpContext, deps: HttpDeps, run: AcceptedRun, output: JobOutput): Promise<Response> {
  return fileAnswer(c, deps.files, servedOutput(output), locatedHeaders(run));
}

async function answerFinished(c: HttpContext, deps: HttpDeps, run: AcceptedRun): Promise<Response> {
  const { job, options } = run;
  const { wanted } = options;
  if (wanted.kind !== "output") return jsonAnswer(200, await jobView(job, options.outputs, deps), runHeaders(run));
  const failure = failureOf(job);
  if (failure !== null) return problemAnswer(c, failure, { instance: jobPath(job.id), headers: locatedHeaders(run) });
  const chosen = chosenOf(run, job.outputs);
  if (chosen !== null) return answerOutput(c, deps, run, chosen.output);
  if (wanted.jobWillDo) return jsonAnswer(200, await jobView(job, options.outputs, deps), runHeaders(run));
  return problemAnswer(c, noSuchOutput(job), { instance: jobPath(job.id), headers: locatedHeaders(run) });
}

/** What a job that came to nothing is told as to whoever wanted an output of it. */
function failureOf(job: JobSummary): AppError | null {
  if (job.status === "cancelled") return new AppError("cancelled", "The job was cancelled before it was done. Send it again if you still want it.");
  if (job.error === null) return null;
  const { code, detail, errors } = job.error;
  return new AppError(code, detail, { errors });
}

/** An output as it is served. */
export function servedOutput(output: JobOutput): { id: string; size: number; contentType: string; filename: string } {
  return { id: output.sha256, size: output.size, contentType: output.contentType, filename: output.filename };
}

function noSuchOutput(job: JobSummary): AppError {
  const types = [...new Set(job.outputs.map(({ contentType }) => contentType))];
  const has = types.length === 0 ? "It has no outputs." : `Its outputs are: ${types.join(", ")}.`;
  return new AppError("not_acceptable", `The job is ${job.status} but has no output of the type that Accept asks for. ${has} The job is at ${jobPath(job.id)}.`);
}
