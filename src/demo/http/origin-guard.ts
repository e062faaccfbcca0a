import type { IncomingHttpHeaders } from "node:http";
import { isIPv4 } from "node:net";

function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || hostname === "::1" || (isIPv4(hostname) && hostname.startsWith("127."));
}

function parsed(url: string): URL | null {
  return URL.canParse(url) ? new URL(url) : null;
}

/** Whether a request comes from a page of another origin and goes to a loopback host (comfyui-protocol.md §1.0). */
export function isForeignOrigin(headers: IncomingHttpHeaders): boolean {
  if (headers.origin === undefined || headers.host === undefined) return false;
  const host = parsed(`http://${headers.host}`);
  const origin = parsed(headers.origin);
  if (host === null || origin === null || !isLoopback(host.hostname)) return false;
  return origin.port === "" ? origin.hostname !== host.hostname : origin.host !== host.host;
}
