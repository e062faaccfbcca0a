import type { HttpContext } from "./route.ts";

/** Names under which a gateway that listens on loopback is reached; a page elsewhere whose own name leads here is not among them. */
const ownName = /^(localhost|([a-z0-9-]+\.)*localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?$/;

function hostOf(c: HttpContext): string {
  return (c.req.header("Host") ?? new URL(c.req.url).host).toLowerCase();
}

/**
 * Whether the request names this machine. A browser lets the pages of a site read from any address that the site's name
 * leads to, which its owner may change to 127.0.0.1 at any time (DNS rebinding): the `Host` header tells.
 */
export function namesThisMachine(c: HttpContext): boolean {
  return ownName.test(hostOf(c));
}

/**
 * Whether a page of another site sent this from a browser. `Sec-Fetch-Site` tells; browsers leave it out over plain
 * HTTP to other machines, where the `Origin` of what changes something tells as well. Programs send neither.
 */
export function isOfAnotherSite(c: HttpContext, allowedOrigins: readonly string[]): boolean {
  const origin = c.req.header("Origin");
  if (origin !== undefined && allowedOrigins.includes(origin)) return false;
  const site = c.req.header("Sec-Fetch-Site");
  if (site !== undefined) return site !== "same-origin" && site !== "none";
  return origin !== undefined && URL.parse(origin)?.host !== hostOf(c);
}
