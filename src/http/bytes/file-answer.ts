import { Readable } from "node:stream";
import { AppError } from "../../errors/app-error.ts";
import { giveBack } from "../../files/owned-piece.ts";
import type { HttpFiles } from "../deps.ts";
import { problemAnswer } from "../problem-answer.ts";
import { bindingsOf, type HttpContext } from "../route.ts";
import { readRange } from "./byte-range.ts";
import { contentDisposition, mayShowInline } from "./content-disposition.ts";
import { coversTag, entityTag } from "./entity-tag.ts";

/** A file of the store under the name and type it is served with. */
export interface ServedFile {
  /** SHA-256, and its id in the store. */
  readonly id: string;
  readonly size: number;
  readonly contentType: string;
  readonly filename: string;
}

/** Content-addressed: what a URL answers once it answers always. Private: it is somebody's picture. */
const cacheForever = "private, max-age=31536000, immutable";

/** A file of so many bytes at most is answered in one piece, which costs a fraction of a stream: pictures are, videos are not. */
const wholeBytes = 1024 * 1024;

/** What a browser needs to show a picture or play a video by itself, and no more. */
const shownPolicy = "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'";
const downloadPolicy = "default-src 'none'; sandbox; frame-ancestors 'none'";

function describe(file: ServedFile): Record<string, string> {
  const isShown = mayShowInline(file.contentType);
  return {
    "Content-Type": /^text\/[^;]*$/.test(file.contentType) ? `${file.contentType}; charset=utf-8` : file.contentType,
    "Content-Disposition": contentDisposition(isShown ? "inline" : "attachment", file.filename),
    "Accept-Ranges": "bytes",
    ETag: entityTag(file.id),
    "Cache-Control": cacheForever,
    "X-Content-Type-Options": "nosniff",
    // A file never runs anything and never loads anything, should a browser open it after all.
    "Content-Security-Policy": isShown ? shownPolicy : downloadPolicy,
  };
}

/**
 * Answers with the bytes of a file: 200, 206 for a range, 304 for a known tag, 416 outside of it. HEAD opens nothing.
 *
 * @throws {AppError} `file_not_found` when the store has lost it
 */
export async function fileAnswer(c: HttpContext, files: HttpFiles, file: ServedFile, extra: Readonly<Record<string, string>> = {}): Promise<Response> {
  const headers = { ...describe(file), ...extra };
  const tag = entityTag(file.id);
  // A POST that is answered with an output is not a request for that file: conditions do not count there.
  const isRead = c.req.raw.method === "GET" || c.req.raw.method === "HEAD";
  if (isRead && coversTag(c.req.header("If-None-Match"), tag)) {
    return new Response(null, { status: 304, headers: { ETag: tag, "Cache-Control": cacheForever, ...extra } });
  }
  const ifRange = c.req.header("If-Range");
  const mayBePartial = c.req.raw.method === "GET" && (ifRange === undefined || ifRange === tag);
  const range = mayBePartial ? readRange(c.req.header("Range"), file.size) : null;
  if (range === "unsatisfiable") {
    const error = new AppError("range_not_satisfiable", `The file has ${file.size} bytes.`);
    return problemAnswer(c, error, { headers: { "Content-Range": `bytes */${file.size}` } });
  }
  const length = range === null ? file.size : range.end - range.start + 1;
  const sized = { ...headers, "Content-Length": String(length) };
  if (c.req.raw.method === "HEAD") return new Response(null, { headers: sized });
  if (range === null && file.size <= wholeBytes) return new Response(await wholeFile(c, files, file.id), { headers: sized });
  const body = Readable.toWeb(await files.read(file.id, range ?? undefined));
  if (range === null) return new Response(body, { headers: sized });
  return new Response(body, { status: 206, headers: { ...sized, "Content-Range": `bytes ${range.start}-${range.end}/${file.size}` } });
}

/** Its memory is given back when it is sent: V8 would let many such pile up, and then look through all there is. */
async function wholeFile(c: HttpContext, files: HttpFiles, id: string): Promise<Uint8Array> {
  const bytes = await files.bytes(id);
  bindingsOf(c).outgoing?.once("finish", () => giveBack(bytes));
  return bytes;
}
