import { anyone, holderOf, stranger, type Caller } from "../access/caller.ts";
import type { Scope } from "../access/scope.ts";
import { AppError } from "../errors/app-error.ts";
import type { HttpDeps } from "./deps.ts";
import { problemAnswer } from "./problem-answer.ts";
import type { HttpContext, Route } from "./route.ts";
import { streamPath } from "./stream/messages.ts";

type Deps = Pick<HttpDeps, "access">;

/** A page's script cannot set headers on a WebSocket; it can name subprotocols. */
const keyProtocol = /(?:^|,)\s*key\.([^\s,]+)\s*(?:,|$)/;

function presentedKey(c: HttpContext): string | undefined {
  const bearer = /^Bearer +(\S+)$/i.exec(c.req.header("Authorization") ?? "")?.[1];
  const inProtocol = c.req.path === streamPath ? keyProtocol.exec(c.req.header("Sec-WebSocket-Protocol") ?? "")?.[1] : undefined;
  return c.req.header("X-API-Key") ?? bearer ?? inProtocol;
}

function unauthorized(c: HttpContext, detail: string): Response {
  return problemAnswer(c, new AppError("unauthorized", detail), { headers: { "WWW-Authenticate": "Bearer" } });
}

/** What a signed link says; null when there is none. */
function byLink(c: HttpContext, { access }: Deps): Caller | Response | null {
  const { expires, signature } = c.req.query();
  if (expires === undefined || signature === undefined || access.links === null) return null;
  const verdict = access.links.check(c.req.path, { expires, signature });
  // It is good for this one path, which the signature covers.
  if (verdict === "valid") return { ...stranger, may: (scope) => scope === "read", sees: () => true };
  const detail = verdict === "expired" ? "This link has expired. The job's JSON has a new one." : "This link was changed, or is not one of this gateway.";
  return problemAnswer(c, new AppError("link_not_valid", detail));
}

/** Looks at the key, takes one request of its budget, and asks whether it is good for what is wanted. */
function byKey(c: HttpContext, { access }: Deps, presented: string, needed: Scope): Caller | Response {
  const key = access.keys.find(presented);
  if (key === null) return unauthorized(c, "This API key is not known here.");
  c.set("keyName", key.name);
  const waitMs = access.budget.take({ name: key.name, requestsPerMinute: key.limits.requestsPerMinute });
  if (waitMs > 0) {
    const error = new AppError("rate_limited", `This API key may make ${key.limits.requestsPerMinute} requests a minute. Slow down; events tell of a job without asking again and again.`);
    return problemAnswer(c, error, { headers: { "Retry-After": String(Math.ceil(waitMs / 1000)) } });
  }
  const caller = holderOf(key);
  return caller.may(needed) ? caller : problemAnswer(c, new AppError("not_permitted", `This API key may not do this: it lacks the scope ${needed}.`));
}

/** @returns who asks, or the answer to whom nothing else is told */
export function admit(c: HttpContext, deps: Deps, { needs, takesLink = false }: Pick<Route, "needs" | "takesLink">): Caller | Response {
  const { keys, closedPaths } = deps.access;
  if (!keys.isClosed) return anyone;
  const isOpen = needs === "open" && !closedPaths.includes(c.req.path.split("/")[1] ?? "");
  if (isOpen) return stranger;
  const presented = presentedKey(c);
  if (presented !== undefined) return byKey(c, deps, presented, needs === "open" ? "read" : needs);
  const linked = takesLink ? byLink(c, deps) : null;
  return linked ?? unauthorized(c, "This needs an API key, in the header X-API-Key or as Authorization: Bearer.");
}
