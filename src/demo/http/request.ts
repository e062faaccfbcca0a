import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { parseJson } from "../../json/exact.ts";
import { ImitatedTrouble } from "./answer.ts";

/** A request with its body read. */
export interface Request {
  readonly method: string;
  /** Without the `/api` prefix of the doubled routes. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** Decoded `{…}` segments of the route. */
  readonly params: Readonly<Record<string, string>>;
}

/** One that is taken as it stands: no dots, escapes or empty segments that a URL would read otherwise. */
const plainTarget = /^((?:\/[\w-]+)+)(?:\?([^#]*))?$/;

/** Splits the target of a request line, which a client may also fill with a whole URL. */
export function targetOf(incoming: IncomingMessage): Pick<Request, "path" | "query"> {
  const target = incoming.url ?? "/";
  const [, path, query] = plainTarget.exec(target) ?? [];
  if (path !== undefined) return { path, query: new URLSearchParams(query) };
  const url = URL.parse(target, "http://stand-in");
  return { path: url?.pathname ?? "/", query: url?.searchParams ?? new URLSearchParams() };
}

const nothing = Buffer.alloc(0);

/**
 * For a server that makes nothing of the bodies of requests that announce none (`optimizeEmptyRequests`).
 *
 * @returns null when it is larger than allowed; the rest is read nevertheless, so that the answer arrives
 */
export async function readBody(incoming: IncomingMessage, maxBytes: number): Promise<Buffer | null> {
  const { headers } = incoming;
  if (headers["content-length"] === undefined && headers["transfer-encoding"] === undefined) return nothing;
  const chunks: Buffer[] = [];
  let size = 0;
  await new Promise<void>((resolve, reject) => {
    incoming.on("data", (chunk: Buffer) => {
      size += chunk.byteLength;
      if (size <= maxBytes) chunks.push(chunk);
    });
    incoming.on("end", resolve);
    incoming.on("error", reject);
  });
  if (size > maxBytes) return null;
  const [only, ...more] = chunks;
  return only === undefined || more.length > 0 ? Buffer.concat(chunks, size) : only;
}

/** @throws {ImitatedTrouble} where the real handler answers 500: the body is not JSON */
export function jsonBody(request: Request): unknown {
  try {
    return parseJson(request.body.toString("utf8"));
  } catch (error) {
    if (error instanceof SyntaxError) throw new ImitatedTrouble(error.message);
    throw error;
  }
}
