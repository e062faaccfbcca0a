import type { AppError } from "../../errors/app-error.ts";
import type { RequestSpan } from "../../telemetry/traces/request-tracer.ts";
import type { HttpDeps } from "../deps.ts";
import type { HttpContext } from "../route.ts";

/** A caller's own id is taken over only when it is harmless in a log line. */
const harmlessId = /^[A-Za-z0-9._-]{1,128}$/;

/** The id that a request is logged under and answered with (`X-Request-Id`). */
export function requestIdOf(c: HttpContext, newId: () => string): string {
  const given = c.req.header("X-Request-Id");
  return given !== undefined && harmlessId.test(given) ? given : newId();
}

interface Answered {
  readonly requestId: string;
  readonly status: number;
  readonly startedAt: number;
}

/** Counts a request that is answered, and writes its one line, with the private cause of an error. */
export function logRequest(c: HttpContext, { logger, clock, metrics }: Pick<HttpDeps, "logger" | "clock" | "metrics">, { requestId, status, startedAt }: Answered): void {
  const durationMs = clock.now() - startedAt;
  const { method, path } = c.req;
  metrics.answered({ method, route: c.get("route") ?? "none", status, seconds: durationMs / 1000 });
  const problem = c.get("problem");
  const jobId = c.get("jobId");
  const keyName = c.get("keyName");
  const line = {
    request_id: requestId,
    method,
    path,
    status,
    ...(keyName === undefined ? {} : { key: keyName }),
    duration_ms: durationMs,
    ...(jobId === undefined ? {} : { job_id: jobId }),
    ...(problem === undefined ? {} : describe(problem)),
  };
  if (status >= 500) logger.error(line, "request failed");
  else logger.info(line, "request");
}

function describe(problem: AppError): object {
  return { code: problem.code, detail: problem.detail, ...(problem.cause === undefined ? {} : { err: problem.cause }) };
}

/** Ends the span of a request, below which hangs the job that it made. */
export function endSpan(c: HttpContext, span: RequestSpan, { requestId, status }: Pick<Answered, "requestId" | "status">): void {
  span.end({
    method: c.req.method,
    route: c.get("route"),
    workflow: c.get("workflow"),
    target: c.req.url.slice(c.req.url.indexOf("/", "https://".length)),
    status,
    requestId,
    jobId: c.get("jobId"),
    code: c.get("problem")?.code,
  });
}
