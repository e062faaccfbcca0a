import type { RouteConfig } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { WebSocket } from "ws";
import type { Caller } from "../access/caller.ts";
import type { Scope } from "../access/scope.ts";
import type { AppError } from "../errors/app-error.ts";
import type { RequestSpan } from "../telemetry/traces/request-tracer.ts";
import type { PageFile } from "../web/docs-page.ts";
import type { HttpDeps } from "./deps.ts";
import type { StandingHeader } from "./door/standing-headers.ts";
import type { QueueHint } from "./queue-hint.ts";

/** Takes over a WebSocket once it is open. */
export type OpenSocket = (socket: WebSocket) => void;

/** The body of a request as it comes in. */
export interface IncomingBody {
  /** Whether all of it is there. */
  readonly complete: boolean;
  on(event: "data" | "end" | "close", listener: () => void): unknown;
  removeAllListeners(event: "data"): unknown;
  resume(): unknown;
}

/** The socket a request came on, when it came on one. */
export interface Connection {
  readonly incoming?: IncomingBody;
  readonly outgoing?: {
    /** When its reader takes nothing. */
    destroy(): unknown;
    /** For an answer that does not set them itself. */
    stand(headers: readonly StandingHeader[]): void;
    /** After `close`. */
    readonly destroyed: boolean;
    /** `finish`: the operating system has all of the answer. `close`: that, or the other side has hung up. */
    once(event: "finish" | "close", listener: () => void): unknown;
    removeListener(event: "close", listener: () => void): unknown;
  };
  /** Agrees to speak WebSocket, when the request asks for that. What it returns must be the answer. */
  readonly upgrade?: (open: OpenSocket) => Response;
}

/** What the door and handlers tell each other about one request. */
export interface HttpEnv {
  readonly Bindings: Connection;
  readonly Variables: {
    requestId: string;
    /** Of the key that was presented, for the log line. */
    keyName?: string;
    /** Absent when nobody is sent traces. */
    span?: RequestSpan;
    /** Pattern of the route that answers, for metrics and traces. */
    route?: string;
    /** The workflow whose path it is, for traces. */
    workflow?: string;
    /** The job that a request made or found, for the log line. */
    jobId?: string;
    /** The error that was answered, for the log line. */
    problem?: AppError;
  };
}

export type HttpContext = Context<HttpEnv>;

/** What a handler has: the parts of the gateway, and what the HTTP room made of them. */
export interface RouteDeps extends HttpDeps {
  readonly caller: Caller;
  readonly queueHint: QueueHint;
  /** /openapi.json for the workflows there are now. */
  readonly openApiText: () => string;
  /** Files of the docs page, by path. */
  readonly docs: ReadonlyMap<string, PageFile>;
}

/** One operation: what /openapi.json says of it, and what answers it. */
export interface Route {
  /** What a key must be good for; `open` for none. */
  readonly needs: Scope | "open";
  readonly config: RouteConfig;
  /** Whether a signed link will do instead of a key. */
  readonly takesLink?: boolean;
  /** Path in the router's spelling. */
  readonly pattern: string;
  readonly handle: (c: HttpContext, deps: RouteDeps) => Response | Promise<Response>;
}

/** A request that is answered without a server has none. */
export function bindingsOf(c: { readonly env: Connection | undefined }): Connection {
  return c.env ?? {};
}

/** A parameter of the route's pattern: the router has matched it, so it is there. */
export function pathParam(c: HttpContext, name: string): string {
  return c.req.param(name) ?? "";
}
