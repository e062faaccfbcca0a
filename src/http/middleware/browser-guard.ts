import type { MiddlewareHandler } from "hono";
import { AppError } from "../../errors/app-error.ts";
import type { AccessParts } from "../deps.ts";
import { problemAnswer } from "../problem-answer.ts";
import type { HttpContext, HttpEnv } from "../route.ts";
import { isOfAnotherSite, namesThisMachine } from "../site.ts";
import { withHeaders } from "./with-headers.ts";

/** A browser asks again after this: a change of the setting is felt within ten minutes. */
const preflightSeconds = 600;

const safe = new Set(["GET", "HEAD", "OPTIONS"]);
const requestHeaders = "Authorization, Content-Type, Idempotency-Key, If-None-Match, Last-Event-ID, Prefer, Range, X-API-Key, X-Request-Id";
const answerHeaders = "Content-Disposition, Content-Range, ETag, Idempotency-Replayed, Location, Preference-Applied, Retry-After, X-Job-Id, X-Request-Id";

function refusal(c: HttpContext, { allowedOrigins, isLoopbackOnly }: AccessParts): AppError | null {
  if (isLoopbackOnly && !namesThisMachine(c)) {
    return new AppError("host_not_allowed", "This gateway has no API keys and is reached from its own machine only, as localhost or 127.0.0.1.");
  }
  if (!safe.has(c.req.method) && isOfAnotherSite(c, allowedOrigins)) {
    return new AppError("origin_not_allowed", "A page of another site may not use this gateway. Its operator can allow it with --allowed-origins.");
  }
  return null;
}

/** Keeps pages of other sites out, and lets in those that are allowed (CORS). */
export function browserGuard(access: AccessParts): MiddlewareHandler<HttpEnv> {
  return async (c, next) => {
    const error = refusal(c, access);
    if (error !== null) return problemAnswer(c, error);
    const origin = c.req.header("Origin");
    const isAllowed = origin !== undefined && access.allowedOrigins.includes(origin);
    if (isAllowed && c.req.method === "OPTIONS") return new Response(null, { status: 204, headers: preflight(origin) });
    await withHeaders(c, isAllowed ? [["Access-Control-Allow-Origin", origin], ["Access-Control-Expose-Headers", answerHeaders]] : [], next);
    if (access.allowedOrigins.length > 0) c.res.headers.append("Vary", "Origin");
    return undefined;
  };
}

function preflight(origin: string): Record<string, string> {
  return {
    "Access-Control-Allow-Origin": origin,
    "Access-Control-Allow-Methods": "GET, HEAD, POST, DELETE",
    "Access-Control-Allow-Headers": requestHeaders,
    "Access-Control-Max-Age": String(preflightSeconds),
    Vary: "Origin",
  };
}
