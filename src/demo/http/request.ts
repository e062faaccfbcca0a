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

/** @returns null when it is larger than allowed; the rest is read nevertheless, so that the answer arrives */
export async function readBody(incoming: IncomingMessage, maxBytes: number): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming) {
    if (!Buffer.isBuffer(chunk)) continue;
    size += chunk.byteLength;
    if (size <= maxBytes) chunks.push(chunk);
  }
  return size > maxBytes ? null : Buffer.concat(chunks);
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
