import type { TraceContext } from "./traces/trace-context.ts";

/** What watchers are told of a job. Times are milliseconds since the epoch. */
export interface WatchedJob {
  readonly id: string;
  /** null for a raw graph. */
  readonly workflow: string | null;
  readonly createdAt: number;
  /** When ComfyUI began to run the attempt under way; null before that. */
  readonly startedAt: number | null;
  /** From 1. */
  readonly attempt: number;
}

/** How an attempt ended. `retried` and `given-back`: the job is in the queue again. */
export interface AttemptEnd {
  readonly outcome: "completed" | "failed" | "cancelled" | "retried" | "given-back";
  /** Of the error table, for `failed` and `retried`. */
  readonly code: string | null;
  readonly at: number;
}

/** A part of an attempt that the gateway itself does: input files to ComfyUI, the graph to it, outputs from it. */
export type Stage = "upload" | "submit" | "collect";

export interface StageEnd {
  readonly from: number;
  readonly to: number;
  /** How it went when it did not go well; the attempt's own end has the code of the error table. */
  readonly error?: string | null;
}

/** Told what becomes of jobs, once it is stored: for metrics and traces. Nothing it does may fail a job, so it never throws. */
export interface JobWatch {
  /** @param parent the span of the request that made it; null when nobody is sent traces */
  accepted(job: WatchedJob, parent: TraceContext | null): void;
  attemptBegun(job: WatchedJob, at: number): void;
  running(job: WatchedJob): void;
  stage(job: WatchedJob, stage: Stage, end: StageEnd): void;
  attemptEnded(job: WatchedJob, end: AttemptEnd): void;
  /** A job that waited is finished without another attempt. */
  withdrawn(end: { readonly id: string; readonly status: "failed" | "cancelled"; readonly code: string | null; readonly at: number }): void;
}

export const noWatch: JobWatch = { accepted() {}, attemptBegun() {}, running() {}, stage() {}, attemptEnded() {}, withdrawn() {} };

/** Each of them is told, in this order. */
export function watchBy(...watches: readonly JobWatch[]): JobWatch {
  const [only, ...others] = watches;
  if (only !== undefined && others.length === 0) return only;
  return {
    accepted: (...told) => watches.forEach((watch) => watch.accepted(...told)),
    attemptBegun: (...told) => watches.forEach((watch) => watch.attemptBegun(...told)),
    running: (...told) => watches.forEach((watch) => watch.running(...told)),
    stage: (...told) => watches.forEach((watch) => watch.stage(...told)),
    attemptEnded: (...told) => watches.forEach((watch) => watch.attemptEnded(...told)),
    withdrawn: (...told) => watches.forEach((watch) => watch.withdrawn(...told)),
  };
}
