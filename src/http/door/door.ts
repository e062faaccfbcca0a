import { AppError } from "../../errors/app-error.ts";
import type { HttpDeps } from "../deps.ts";
import { problemAnswer } from "../problem-answer.ts";
import { bindingsOf, type HttpContext } from "../route.ts";
import { allowedOriginOf, corsHeaders, preflightAnswer, refusalOfPage } from "./browser-guard.ts";
import { endingUpload } from "./end-refused-uploads.ts";
import { endSpan, logRequest, requestIdOf } from "./request-log.ts";
import { securityHeaders, withStanding } from "./standing-headers.ts";

type DoorDeps = Pick<HttpDeps, "access" | "clock" | "logger" | "metrics" | "newId" | "requestTracer">;

type Handler = (c: HttpContext) => Response | Promise<Response>;

/**
 * What every request passes on its way in, and every answer on its way out: id, span, pages of other sites kept out, faults
 * told, headers, the log line, the end of a refused upload. One function and no chain of middleware, which took as long as
 * all it did.
 */
export function throughDoor(deps: DoorDeps, handle: Handler): (c: HttpContext) => Promise<Response> {
  const { access, clock } = deps;
  return async (c) => {
    const startedAt = clock.now();
    const requestId = requestIdOf(c, deps.newId);
    c.set("requestId", requestId);
    const origin = allowedOriginOf(c, access);
    const standing = [...securityHeaders, { name: "X-Request-Id", value: requestId }, ...(origin === null ? [] : corsHeaders(origin))];
    const { incoming, outgoing } = bindingsOf(c);
    outgoing?.stand(standing);
    const span = deps.requestTracer?.begin(c.req.header("traceparent") ?? null);
    if (span !== undefined) c.set("span", span);
    const answer = withStanding(c, await answerOf(c, deps, handle, origin), standing);
    const { status } = answer;
    if (span !== undefined) endSpan(c, span, { requestId, status });
    logRequest(c, deps, { requestId, status, startedAt });
    return status >= 400 && incoming?.complete === false ? endingUpload(answer, incoming, clock) : answer;
  };
}

async function answerOf(c: HttpContext, { access }: DoorDeps, handle: Handler, origin: string | null): Promise<Response> {
  const refusal = refusalOfPage(c, access);
  if (refusal !== null) return problemAnswer(c, refusal);
  if (origin !== null && c.req.method === "OPTIONS") return preflightAnswer(origin);
  const answer = await handled(c, handle);
  if (access.allowedOrigins.length > 0) answer.headers.append("Vary", "Origin");
  return answer;
}

/** Whatever a handler throws becomes a problem; what is not of the error table becomes `internal`. */
async function handled(c: HttpContext, handle: Handler): Promise<Response> {
  try {
    return await handle(c);
  } catch (error) {
    return problemAnswer(c, AppError.from(error));
  }
}
