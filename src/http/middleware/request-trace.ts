import type { MiddlewareHandler } from "hono";
import type { RequestTracer } from "../../telemetry/traces/request-tracer.ts";
import type { HttpEnv } from "../route.ts";

/** Makes a span of each request; the job that it makes hangs below it. Comes after {@link requestLog}, which gives requests their ids. */
export function requestTrace(tracer: RequestTracer): MiddlewareHandler<HttpEnv> {
  return async (c, next) => {
    const span = tracer.begin(c.req.header("traceparent") ?? null);
    c.set("span", span);
    await next();
    span.end({
      method: c.req.method,
      route: c.get("route"),
      workflow: c.get("workflow"),
      target: c.req.url.slice(c.req.url.indexOf("/", "https://".length)),
      status: c.res.status,
      requestId: c.get("requestId"),
      jobId: c.get("jobId"),
      code: c.get("problem")?.code,
    });
  };
}
