import type { AttemptEnd, JobWatch, Stage, StageEnd, WatchedJob } from "../job-watch.ts";
import type { Span } from "./otlp.ts";
import { newSpanId, traceOfJob, type TraceContext } from "./trace-context.ts";

/** Jobs whose context is kept: more than wait on any host. One whose context is gone gets a trace of its own. */
const maxJobs = 20_000;

/** What is known of an unfinished job. */
interface Trace {
  context: TraceContext;
  /** Of the span of the whole job, under which all others are. */
  readonly jobSpan: string;
  readonly job: WatchedJob;
  /** Ended before there was an attempt to be part of. */
  upload: { readonly from: number; readonly to: number } | null;
  attempt: { readonly spanId: string; readonly at: number; runningAt: number | null } | null;
}

type SpanParts = Pick<Span, "name" | "parentId" | "from" | "to"> & Partial<Pick<Span, "spanId" | "kind" | "attributes" | "error">>;

/** The call to ComfyUI that gives it a graph, by OpenTelemetry's words for HTTP. ComfyUI's address may hold a password: it is not told. */
const submission = { name: "POST /prompt", kind: "client", attributes: { "http.request.method": "POST", "url.path": "/api/prompt", "peer.service": "comfyui" } } as const;

interface JobTracerParams {
  readonly export: (span: Span) => void;
  readonly now: () => number;
}

/**
 * Makes spans of what becomes of jobs: `job` over all of it, and in it `queue`, and for each attempt `attempt` with
 * `upload`, `POST /prompt`, `run` and `collect`. The job's span hangs below that of the request which made it; after a
 * restart it is the root of a trace that has the digits of the job's id.
 */
export class JobTracer implements JobWatch {
  readonly #params: JobTracerParams;
  readonly #traces = new Map<string, Trace>();

  constructor(params: JobTracerParams) {
    this.#params = params;
  }

  /** Jobs that are kept in mind, for leak checks. */
  get size(): number {
    return this.#traces.size;
  }

  accepted(job: WatchedJob, parent: TraceContext | null): void {
    const context = parent ?? traceOfJob(job.id);
    const begun = this.#traces.get(job.id);
    // A runner can have begun before acceptance is told.
    if (begun === undefined) this.#keep(job, context);
    else begun.context = context;
  }

  attemptBegun(job: WatchedJob, at: number): void {
    const trace = this.#traceOf(job);
    trace.attempt = { spanId: newSpanId(), at, runningAt: null };
    if (trace.upload !== null) this.#span(trace, { name: "upload", parentId: trace.attempt.spanId, ...trace.upload });
    trace.upload = null;
  }

  running(job: WatchedJob): void {
    const trace = this.#traceOf(job);
    const at = job.startedAt ?? this.#params.now();
    trace.attempt ??= { spanId: newSpanId(), at, runningAt: null };
    trace.attempt.runningAt = at;
    if (job.attempt <= 1) this.#span(trace, { name: "queue", parentId: trace.jobSpan, from: job.createdAt, to: at });
  }

  stage(job: WatchedJob, stage: Stage, { from, to, error = null }: StageEnd): void {
    const trace = this.#traceOf(job);
    if (stage === "upload") {
      trace.upload = { from, to };
      return;
    }
    const { attempt } = trace;
    if (attempt === null) return;
    const parentId = attempt.spanId;
    if (stage === "submit") {
      this.#span(trace, { ...submission, parentId, from, to, error });
      return;
    }
    if (attempt.runningAt !== null) this.#span(trace, { name: "run", parentId, from: attempt.runningAt, to: from });
    this.#span(trace, { name: "collect", parentId, from, to, error });
  }

  attemptEnded(job: WatchedJob, { outcome, code, at }: AttemptEnd): void {
    const trace = this.#traceOf(job);
    const { attempt } = trace;
    trace.attempt = null;
    trace.upload = null;
    if (attempt !== null) {
      const attributes = { "job.attempt": job.attempt, "job.outcome": outcome };
      this.#span(trace, { name: "attempt", parentId: trace.jobSpan, spanId: attempt.spanId, from: attempt.at, to: at, attributes, error: code });
    }
    if (outcome !== "retried" && outcome !== "given-back") this.#end(trace, { status: outcome, code, at });
  }

  withdrawn({ id, status, code, at }: Parameters<JobWatch["withdrawn"]>[0]): void {
    const trace = this.#traces.get(id);
    if (trace !== undefined) this.#end(trace, { status, code, at });
  }

  #end(trace: Trace, { status, code, at }: { readonly status: string; readonly code: string | null; readonly at: number }): void {
    const { job, context, jobSpan } = trace;
    this.#traces.delete(job.id);
    const attributes = { "job.status": status, "job.workflow": job.workflow ?? "graph" };
    this.#span(trace, { name: "job", parentId: context.parentId, spanId: jobSpan, from: job.createdAt, to: at, attributes, error: code });
  }

  #traceOf(job: WatchedJob): Trace {
    return this.#traces.get(job.id) ?? this.#keep(job, traceOfJob(job.id));
  }

  #keep({ id, workflow, createdAt, startedAt, attempt }: WatchedJob, context: TraceContext): Trace {
    // Not the job itself, which holds its graph.
    const trace: Trace = { context, jobSpan: newSpanId(), job: { id, workflow, createdAt, startedAt, attempt }, upload: null, attempt: null };
    this.#traces.set(id, trace);
    for (const oldest of this.#traces.keys()) {
      if (this.#traces.size <= maxJobs) break;
      this.#traces.delete(oldest);
    }
    return trace;
  }

  #span({ context, job }: Trace, { spanId = newSpanId(), kind = "internal", attributes = {}, error = null, ...span }: SpanParts): void {
    if (!context.isSampled) return;
    this.#params.export({ ...span, traceId: context.traceId, spanId, kind, attributes: { "job.id": job.id, ...attributes }, error });
  }
}
