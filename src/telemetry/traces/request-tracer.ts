import { methodLabel } from "../method-label.ts";
import type { Span } from "./otlp.ts";
import { shownQuery } from "./shown-query.ts";
import { newSpanId, parseTraceparent, traceOfJob, traceOfNothing, type TraceContext } from "./trace-context.ts";

/** Paths of ours are shorter; a caller may send 16 KB. */
const maxPath = 300;

export interface RequestEnd {
  readonly method: string;
  /** Pattern of the route; undefined when none took the request. */
  readonly route: string | undefined;
  /** Id of the workflow whose path it was: then the span has its name, of which there are only so many. */
  readonly workflow: string | undefined;
  /** Path with query. */
  readonly target: string;
  readonly status: number;
  readonly requestId: string;
  /** The job it made or found. */
  readonly jobId: string | undefined;
  /** Code of the error table; undefined when it was answered well. */
  readonly code: string | undefined;
}

interface RequestTracerParams {
  readonly export: (span: Span) => void;
  readonly now: () => number;
}

/** A request that is being answered. */
export class RequestSpan {
  readonly #params: RequestTracerParams;
  readonly #spanId = newSpanId();
  readonly #from: number;
  #context: TraceContext | null;

  constructor(params: RequestTracerParams, traceparent: string | null) {
    this.#params = params;
    this.#from = params.now();
    this.#context = parseTraceparent(traceparent);
  }

  /** Where the job hangs that this request made. Without a trace of the caller's the request joins the job's, which is found by the job's id. */
  ofJob(jobId: string): TraceContext {
    this.#context ??= traceOfJob(jobId);
    return { ...this.#context, parentId: this.#spanId };
  }

  end({ method, route, workflow, target, status, requestId, jobId, code }: RequestEnd): void {
    const { traceId, parentId, isSampled } = this.#context ?? traceOfNothing();
    if (!isSampled) return;
    const query = shownQuery(target);
    const place = workflow === undefined ? route : `/${workflow}`;
    const verb = methodLabel(method);
    this.#params.export({
      traceId,
      spanId: this.#spanId,
      parentId,
      name: place === undefined ? verb : `${verb} ${place}`,
      kind: "server",
      from: this.#from,
      to: this.#params.now(),
      attributes: {
        "http.request.method": verb,
        ...(route === undefined ? {} : { "http.route": route }),
        "http.response.status_code": status,
        "url.path": target.replace(/[?#].*$/s, "").slice(0, maxPath),
        ...(query === "" ? {} : { "url.query": query }),
        "request.id": requestId,
        ...(jobId === undefined ? {} : { "job.id": jobId }),
        ...(code === undefined ? {} : { "error.type": code }),
      },
      // What the caller did wrong is no error of the server.
      error: status >= 500 ? (code ?? String(status)) : null,
    });
  }
}

/** Makes a span of each request, until its answer begins: one that waits for its job takes as long as the job. */
export class RequestTracer {
  readonly #params: RequestTracerParams;

  constructor(params: RequestTracerParams) {
    this.#params = params;
  }

  /** @param traceparent as it came (W3C Trace Context) */
  begin(traceparent: string | null): RequestSpan {
    return new RequestSpan(this.#params, traceparent);
  }
}
