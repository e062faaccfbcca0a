import { isUtf8 } from "node:buffer";
import { AppError } from "../../errors/app-error.ts";
import { refuseEncoded } from "./refuse-encoded.ts";
import { readBytes } from "./read-bytes.ts";
import { readJsonText } from "./json-text.ts";

/** What a client sends JSON under: by its own type, or under what `curl -d` and bare clients send everything. */
const jsonLike = /^(application\/json|application\/[a-z0-9.+-]+\+json|text\/json)\s*(;|$)/i;

/**
 * The body as JSON, whatever its Content-Type says: `curl -d '{"prompt":"test"}'` calls it a form. An empty body is `{}`.
 *
 * @throws {AppError} `invalid_json`, `payload_too_large`, or `unsupported_media_type` when it was never meant to be JSON
 */
export async function readJsonBody(request: Request, maxBytes: number): Promise<unknown> {
  refuseEncoded(request);
  const bytes = await readBytes(request, maxBytes);
  const text = decode(bytes);
  if (text !== null && !/\S/.test(text)) return {};
  const reading = text === null ? { fault: "it is not UTF-8" } : readJsonText(text);
  if ("value" in reading) return reading.value;
  if (isMeantAsJson(request, text)) throw new AppError("invalid_json", `The body is not valid JSON: ${reading.fault}.`);
  throw new AppError("unsupported_media_type", `Send a JSON object, or multipart/form-data where the path takes files. The body came as ${contentType(request)}.`);
}

/** Windows' editors put it before a text. */
const byteOrderMark = "\ufeff";

function decode(bytes: Uint8Array): string | null {
  if (!isUtf8(bytes)) return null;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
  return text.startsWith(byteOrderMark) ? text.slice(1) : text;
}

function isMeantAsJson(request: Request, text: string | null): boolean {
  const type = request.headers.get("content-type");
  return type === null || jsonLike.test(type) || (text !== null && /^\s*[{[]/.test(text));
}

function contentType(request: Request): string {
  return (request.headers.get("content-type") ?? "nothing").slice(0, 100);
}
