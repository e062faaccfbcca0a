import { bindingsOf, type HttpContext } from "../route.ts";

/**
 * Lets the answer have these headers; one that it sets itself stays as it is. On a socket they are given to Node before there
 * is an answer, which puts both together as it writes: to open the headers of a `Response` for them would cost as much as
 * the rest of a small answer.
 */
export async function withHeaders(c: HttpContext, headers: Iterable<readonly [string, string]>, next: () => Promise<void>): Promise<void> {
  const { outgoing } = bindingsOf(c);
  if (outgoing !== undefined) for (const [name, value] of headers) outgoing.setHeader(name, value);
  await next();
  if (outgoing !== undefined) return;
  for (const [name, value] of headers) {
    if (!c.res.headers.has(name)) c.res.headers.set(name, value);
  }
}
