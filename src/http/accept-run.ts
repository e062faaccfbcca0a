import type { Caller } from "../access/caller.ts";
import { AppError } from "../errors/app-error.ts";
import { EndWatch } from "../events/end-watch.ts";
import type { Job, NewJob } from "../job/job.ts";
import type { Insert } from "../job/job-store.ts";
import { checkConfined } from "../job/confined.ts";
import { newJob } from "../job/new-job.ts";
import type { HttpDeps } from "./deps.ts";
import { fingerprintOf } from "./fingerprint.ts";
import type { QueueHint } from "./queue-hint.ts";
import { ownQueueFullAnswer, queueFullAnswer, stoppingAnswer } from "./retry-later.ts";
import type { HttpContext } from "./route.ts";
import { type AcceptedRun, answerRun } from "./run-answer.ts";
import { readRunOptions, type RunOptions } from "./run-options.ts";

/** One request to run something, whatever it is. */
export interface RunRequest {
  /** null for a raw graph. */
  readonly workflow: string | null;
  /** Whether files may come with it, or be fetched for it. */
  readonly mayBringFiles: boolean;
  /** The body as sent; files of a form are stored by then, and stand as `file:{id}`. */
  readonly readBody: () => Promise<unknown>;
  /** Checks the body, fetches files and makes the graph. */
  readonly prepare: (body: unknown) => Promise<Pick<NewJob, "inputs" | "graph" | "files" | "origins">>;
}

/** The parts of the gateway, as far as they are there for one caller. */
export type RunDeps = HttpDeps & { readonly caller: Caller; readonly queueHint: QueueHint };

/** A body of so many bytes is read and checked in about the time in which the queue is measured, which storing the job does anyway. */
const smallBodyBytes = 64 * 1024;

type Idempotency = NonNullable<Insert["idempotency"]>;

/**
 * From request to answer: refuses what cannot run before any work is done for it, recognises what was accepted before,
 * stores the job, then waits as long as the caller wants. The job is on disk before anything is answered.
 */
export async function acceptRun(c: HttpContext, deps: RunDeps, run: RunRequest): Promise<Response> {
  const options = readRunOptions(c, deps.limits);
  const answer = await answerTo(c, deps, run, options);
  deps.checkpoint("before-answer");
  return answer;
}

async function answerTo(c: HttpContext, deps: RunDeps, run: RunRequest, options: RunOptions): Promise<Response> {
  if (deps.stopping?.aborted === true) return stoppingAnswer(c);
  // A replay is answered on a full queue too, and only the body tells whether it is one.
  const isWorthAsking = deps.queueHint.mayBeFull || run.mayBringFiles || !hasSmallBody(c);
  const early = isWorthAsking && options.idempotencyKey === null ? await refuseWhenFull(c, deps) : null;
  if (early !== null) return early;
  const body = await run.readBody();
  const idempotency = idempotencyOf(run, body, options);
  if (idempotency !== undefined) {
    const earlier = await earlierJob(deps, idempotency);
    if (earlier !== null) return answerReplay(c, deps, { job: earlier, options });
    const late = isWorthAsking ? await refuseWhenFull(c, deps) : null;
    if (late !== null) return late;
  }
  const prepared = await run.prepare(body);
  checkConfined(run.workflow, prepared);
  const job = newJob({ ...identityOf(deps, run, options), ...prepared });
  return insert(c, deps, job, options, idempotency);
}

function hasSmallBody(c: HttpContext): boolean {
  const length = c.req.header("Content-Length");
  return length !== undefined && Number(length) <= smallBodyBytes;
}

async function refuseWhenFull(c: HttpContext, deps: RunDeps): Promise<Response | null> {
  const queued = await deps.jobs.countQueued();
  if (queued >= deps.limits.maxQueued) return full(c, deps, queued);
  const { name, limits } = deps.caller;
  const own = name === null || limits === null ? null : await deps.jobs.countWaiting({ owner: name });
  if (own !== null && limits !== null && own >= limits.maxQueued) return ownFull(c, deps, own);
  deps.queueHint.mayBeFull = false;
  return null;
}

function full(c: HttpContext, deps: RunDeps, queued: number): Promise<Response> {
  deps.queueHint.mayBeFull = true;
  return queueFullAnswer(c, deps, queued);
}

function ownFull(c: HttpContext, deps: RunDeps, waiting: number): Promise<Response> {
  deps.queueHint.mayBeFull = true;
  return ownQueueFullAnswer(c, deps, waiting);
}

function idempotencyOf({ workflow }: RunRequest, body: unknown, options: RunOptions): Idempotency | undefined {
  const key = options.idempotencyKey;
  return key === null ? undefined : { key, fingerprint: fingerprintOf(workflow, body, options) };
}

/** @throws {AppError} `idempotency_mismatch` */
async function earlierJob({ jobs, clock, caller }: RunDeps, { key, fingerprint }: Idempotency): Promise<Job | null> {
  const found = await jobs.findIdempotent({ owner: caller.name, key, nowMs: clock.now() });
  if (found === null) return null;
  if (found.fingerprint !== fingerprint) throw mismatch();
  return found.job;
}

function mismatch(): AppError {
  return new AppError(
    "idempotency_mismatch",
    "This Idempotency-Key came with another request within the last 24 hours. Send the same request again, or take a new key for a new one.",
  );
}

function identityOf(deps: RunDeps, { workflow }: RunRequest, options: RunOptions): Omit<NewJob, "inputs" | "graph" | "files" | "origins"> {
  const { priority, startTimeoutMs, runTimeoutMs, webhookUrl } = options;
  return { id: deps.newId(), owner: deps.caller.name, workflow, priority, createdAt: deps.clock.now(), startTimeoutMs, runTimeoutMs, webhookUrl };
}

function ownBound({ caller }: RunDeps): Pick<Insert, "maxQueuedOfOwner"> {
  return caller.limits === null ? {} : { maxQueuedOfOwner: caller.limits.maxQueued };
}

async function insert(c: HttpContext, deps: RunDeps, job: NewJob, options: RunOptions, idempotency: Idempotency | undefined): Promise<Response> {
  // Before anybody can know of the job: its end is not missed, and it need not be read to find out whether it has come.
  const ended = new EndWatch(deps.hub, job.id);
  try {
    return await store(c, deps, job, { options, idempotency, ended });
  } finally {
    ended.close();
  }
}

interface Storing {
  readonly options: RunOptions;
  readonly idempotency: Idempotency | undefined;
  readonly ended: EndWatch;
}

async function store(c: HttpContext, deps: RunDeps, job: NewJob, { options, idempotency, ended }: Storing): Promise<Response> {
  deps.checkpoint("before-row");
  const inserting = deps.jobs.insert(job, {
    maxQueued: deps.limits.maxQueued,
    ...ownBound(deps),
    ...(idempotency === undefined ? {} : { idempotency }),
    // Who waits for the end is told nothing before: the job may be on its way to ComfyUI before it is on the disk.
    durability: options.wait.waitSeconds > 0 && options.wanted.kind !== "events" ? "soon" : "synced",
  });
  const isClaimed = deps.hub.arriving();
  const answer = await inserting;
  switch (answer.outcome) {
    case "inserted":
      deps.checkpoint("after-row");
      deps.watch.accepted(answer.job, c.get("span")?.ofJob(job.id) ?? null);
      deps.hub.changed(job.id);
      if (isClaimed) deps.hub.queueMoved();
      else deps.hub.queued();
      return answerRun(c, deps, { job: answer.job, options, isReplayed: false, ended });
    case "replayed":
      return answerReplay(c, deps, { job: answer.job, options });
    case "conflict":
      throw mismatch();
    case "owner-full":
      return ownFull(c, deps, answer.queued);
    case "full":
      return full(c, deps, answer.queued);
  }
}

/** The request that brought the job may still wait for it, and not be on the disk. */
async function answerReplay(c: HttpContext, deps: RunDeps, { job, options }: Pick<AcceptedRun, "job" | "options">): Promise<Response> {
  await deps.jobs.sync();
  return answerRun(c, deps, { job, options, isReplayed: true });
}
