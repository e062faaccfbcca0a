import type { MiddlewareHandler } from "hono";
import type { AppError } from "../../errors/app-error.ts";
import type { HttpDeps } from "../deps.ts";
import type { HttpEnv } from "../route.ts";
import { withHeaders } from "./with-headers.ts";

/** A caller's own id is taken over only when it is harmless in a log line. */
const harmlessId = /^[A-Za-z0-9._-]{1,128}$/;

/** Gives each request an id (`X-Request-Id`) and writes one line when it is answered, with the private cause of an error. */
export function requestLog({ logger, clock, newId, metrics }: Pick<HttpDeps, "logger" | "clock" | "newId" | "metrics">): MiddlewareHandler<HttpEnv> {
  return async (c, next) => {
    const startedAt = clock.now();
    const given = c.req.header("X-Request-Id");
    const requestId = given !== undefined && harmlessId.test(given) ? given : newId();
    c.set("requestId", requestId);
    await withHeaders(c, [["X-Request-Id", requestId]], next);
    const durationMs = clock.now() - startedAt;
    metrics.answered({ method: c.req.method, route: c.get("route") ?? "none", status: c.res.status, seconds: durationMs / 1000 });
    const problem = c.get("problem");
    const jobId = c.get("jobId");
    const line = {
      request_id: requestId,
      method: c.req.method,
      path: c.req.path,
      status: c.res.status,
      ...(c.get("keyName") === undefined ? {} : { key: c.get("keyName") }),
      duration_ms: durationMs,
      ...(jobId === undefined ? {} : { job_id: jobId }),
      ...(problem === undefined ? {} : describe(problem)),
    };
    if (c.res.status >= 500) logger.error(line, "request failed");
    else logger.info(line, "request");
  };
}

function describe(problem: AppError): object {
  return { code: problem.code, detail: problem.detail, ...(problem.cause === undefined ? {} : { err: problem.cause }) };
}
