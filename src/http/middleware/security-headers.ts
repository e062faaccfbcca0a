import type { MiddlewareHandler } from "hono";
import type { HttpEnv } from "../route.ts";
import { withHeaders } from "./with-headers.ts";

const headers: readonly (readonly [string, string])[] = [
  ["X-Content-Type-Options", "nosniff"],
  ["Referrer-Policy", "no-referrer"],
  ["X-Frame-Options", "DENY"],
  // No page of another site gets a picture into its memory, or a handle on a window of ours.
  ["Cross-Origin-Resource-Policy", "same-origin"],
  ["Cross-Origin-Opener-Policy", "same-origin"],
  // Of JSON nothing is ever rendered. Pages and files set their own.
  ["Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"],
];

/** Sets on every answer what keeps a browser from guessing, framing and telling others. A header that is there stays. */
export const securityHeaders: MiddlewareHandler<HttpEnv> = (c, next) => withHeaders(c, headers, next);
