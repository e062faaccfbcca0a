import { AppError } from "../../errors/app-error.ts";
import type { AccessParts } from "../deps.ts";
import type { HttpContext } from "../route.ts";
import { isOfAnotherSite, namesThisMachine } from "../site.ts";
import type { StandingHeader } from "./standing-headers.ts";

/** A browser asks again after this: a change of the setting is felt within ten minutes. */
const preflightSeconds = 600;

const safe = new Set(["GET", "HEAD", "OPTIONS"]);
const requestHeaders = "Authorization, Content-Type, Idempotency-Key, If-None-Match, Last-Event-ID, Prefer, Range, X-API-Key, X-Request-Id";
const answerHeaders = "Content-Disposition, Content-Range, ETag, Idempotency-Replayed, Location, Preference-Applied, Retry-After, X-Job-Id, X-Request-Id";

/** Keeps pages of other sites out. @returns null for whoever may come in */
export function refusalOfPage(c: HttpContext, { allowedOrigins, isLoopbackOnly }: AccessParts): AppError | null {
  if (isLoopbackOnly && !namesThisMachine(c)) {
    return new AppError("host_not_allowed", "This gateway has no API keys and is reached from its own machine only, as localhost or 127.0.0.1.");
  }
  if (!safe.has(c.req.method) && isOfAnotherSite(c, allowedOrigins)) {
    return new AppError("origin_not_allowed", "A page of another site may not use this gateway. Its operator can allow it with --allowed-origins.");
  }
  return null;
}

/** Of the page that sent the request, when it is one of another site that may (CORS). */
export function allowedOriginOf(c: HttpContext, { allowedOrigins }: AccessParts): string | null {
  if (allowedOrigins.length === 0) return null;
  const origin = c.req.header("Origin");
  return origin !== undefined && allowedOrigins.includes(origin) ? origin : null;
}

/** What lets a page of that origin read the answer. */
export function corsHeaders(origin: string): readonly StandingHeader[] {
  return [
    { name: "Access-Control-Allow-Origin", value: origin },
    { name: "Access-Control-Expose-Headers", value: answerHeaders },
  ];
}

/** To a browser that asks, before a page's request, whether it may be sent. */
export function preflightAnswer(origin: string): Response {
  return new Response(null, {
    status: 204,
    headers: {
      "Access-Control-Allow-Origin": origin,
      "Access-Control-Allow-Methods": "GET, HEAD, POST, DELETE",
      "Access-Control-Allow-Headers": requestHeaders,
      "Access-Control-Max-Age": String(preflightSeconds),
      Vary: "Origin",
    },
  });
}
