import { ServerResponse, type IncomingMessage, type OutgoingHttpHeader, type OutgoingHttpHeaders } from "node:http";
import { bindingsOf, type HttpContext } from "../route.ts";

/** A header that an answer has unless it sets that itself. */
export interface StandingHeader {
  readonly name: string;
  readonly value: string;
}

/** On every answer: what keeps a browser from guessing, framing and telling others. */
export const securityHeaders: readonly StandingHeader[] = [
  { name: "X-Content-Type-Options", value: "nosniff" },
  { name: "Referrer-Policy", value: "no-referrer" },
  { name: "X-Frame-Options", value: "DENY" },
  // No page of another site gets a picture into its memory, or a handle on a window of ours.
  { name: "Cross-Origin-Resource-Policy", value: "same-origin" },
  { name: "Cross-Origin-Opener-Policy", value: "same-origin" },
  // Of JSON nothing is ever rendered. Pages and files set their own.
  { name: "Content-Security-Policy", value: "default-src 'none'; frame-ancestors 'none'" },
];

/**
 * Gives standing headers to an answer. On a socket Node's answer has them already ({@link SocketAnswer}): to open the
 * headers of a `Response` for them would cost as much as the rest of a small answer.
 */
export function withStanding(c: HttpContext, answer: Response, standing: readonly StandingHeader[]): Response {
  if (bindingsOf(c).outgoing !== undefined) return answer;
  for (const { name, value } of standing) if (!answer.headers.has(name)) answer.headers.set(name, value);
  return answer;
}

type Given = OutgoingHttpHeaders | OutgoingHttpHeader[];

function sets(given: OutgoingHttpHeaders, name: string): boolean {
  for (const key in given) if (key.length === name.length && key.toLowerCase() === name.toLowerCase()) return true;
  return false;
}

/** What Node answers a request with. Standing headers are put to the others as they are written, in one list: set one by one, each is looked at three times. */
export class SocketAnswer<Request extends IncomingMessage = IncomingMessage> extends ServerResponse<Request> {
  #standing: readonly StandingHeader[] = [];

  stand(headers: readonly StandingHeader[]): void {
    this.#standing = headers;
  }

  override writeHead(status: number, reason?: string | Given, headers?: Given): this {
    const given = typeof reason === "string" ? headers : (headers ?? reason);
    if (typeof reason === "string") this.statusMessage = reason;
    if (Array.isArray(given) || this.getHeaderNames().length > 0) return this.#writeSlowly(status, given);
    const written: OutgoingHttpHeader[] = [];
    for (const { name, value } of this.#standing) if (given === undefined || !sets(given, name)) written.push(name, value);
    for (const name in given) {
      const value = given[name];
      if (value !== undefined) written.push(name, value);
    }
    return super.writeHead(status, written);
  }

  /** With headers that somebody has set one by one, or gives as a list. */
  #writeSlowly(status: number, given: Given | undefined): this {
    for (const { name, value } of this.#standing) if (!this.hasHeader(name)) this.setHeader(name, value);
    return super.writeHead(status, given);
  }
}
