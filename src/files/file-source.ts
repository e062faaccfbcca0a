import { AppError } from "../errors/app-error.ts";

/** Where the content of a file input is, as the caller's string says. */
export type FileSource =
  /** To be fetched: `https:` or `http:`. Whether it may be is for `fetchUrl` to decide. */
  | { readonly from: "url"; readonly url: URL }
  /** Sent along, as a `data:` URI or as plain base64. `contentType` is what the URI claims. */
  | { readonly from: "inline"; readonly content: Uint8Array; readonly contentType?: string }
  /** Uploaded before: `file:{id}`. */
  | { readonly from: "stored"; readonly fileId: string }
  /** An output of an earlier job: `job:{id}#{n}`. */
  | { readonly from: "output"; readonly jobId: string; readonly index: number };

/**
 * The least that plain base64 must hold. Every short word is base64 of something, so that a mistyped file name would
 * be taken for a file; no image, sound or mesh has fewer bytes than this.
 */
const minPlainBytes = 16;

const accepted =
  "Send the file as a multipart part, or give an https: URL, a data: URI, base64, file:{id} of an uploaded file, or job:{id}#{n} for an output of an earlier job.";

function invalid(what: string): AppError {
  return new AppError("invalid_file", `${what} ${accepted}`);
}

/**
 * Reads the string of a file input.
 *
 * @throws {AppError} `invalid_file`, which says what is accepted
 */
export function parseFileSource(value: string): FileSource {
  const text = value.trim();
  if (text === "") throw invalid("The file is empty.");
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(text.slice(0, 64))?.[1]?.toLowerCase();
  switch (scheme) {
    case "https":
    case "http":
      return { from: "url", url: parseUrl(text) };
    case "data":
      return parseDataUri(text.slice("data:".length));
    case "file":
      return { from: "stored", fileId: parseFileId(text.slice("file:".length)) };
    case "job":
      return parseOutput(text.slice("job:".length));
    case undefined:
      return { from: "inline", content: parsePlainBase64(text) };
    default:
      throw invalid("This kind of address is not accepted.");
  }
}

function parseUrl(text: string): URL {
  const url = URL.parse(text);
  if (url === null) throw invalid("The URL is not valid.");
  return url;
}

function parseFileId(text: string): string {
  if (!/^[0-9a-f]{64}$/i.test(text)) throw invalid("The id after file: is not that of an uploaded file, which has 64 hex digits.");
  return text.toLowerCase();
}

function parseOutput(text: string): FileSource {
  const match = /^([A-Za-z0-9_-]{1,64})#(\d{1,6})$/.exec(text);
  if (match?.[1] === undefined) throw invalid("An output of an earlier job is written job:{id}#{n}, with n from 0.");
  return { from: "output", jobId: match[1], index: Number(match[2]) };
}

/** RFC 2397: `[<media type>][;base64],<data>`. */
function parseDataUri(text: string): FileSource {
  const comma = text.indexOf(",");
  if (comma < 0) throw invalid("The data: URI has no comma before its data.");
  const [contentType = "", ...parameters] = text.slice(0, comma).split(";").map((part) => part.trim().toLowerCase());
  const data = text.slice(comma + 1);
  const content = parameters.at(-1) === "base64" ? decodeBase64(unescapeBytes(data).toString("latin1")) : unescapeBytes(data);
  if (content.length === 0) throw invalid("The data: URI holds no data.");
  return { from: "inline", content, ...(contentType === "" ? {} : { contentType }) };
}

/** `%xx` to the byte it stands for. */
function unescapeBytes(text: string): Buffer {
  if (/%(?![0-9a-f]{2})/i.test(text)) throw invalid("The data: URI has a % that no two hex digits follow.");
  if (!text.includes("%")) return Buffer.from(text);
  const escaped = Buffer.from(text);
  const bytes = Buffer.alloc(escaped.length);
  let length = 0;
  for (let at = 0; at < escaped.length; at += 1) {
    const isEscape = escaped[at] === 0x25;
    bytes[length] = isEscape ? Number.parseInt(escaped.toString("latin1", at + 1, at + 3), 16) : (escaped[at] ?? 0);
    if (isEscape) at += 2;
    length += 1;
  }
  return bytes.subarray(0, length);
}

function parsePlainBase64(text: string): Uint8Array {
  const content = decodeBase64(text);
  if (content.length < minPlainBytes) throw invalid("The text is too short to be a file in base64.");
  return content;
}

/** Strict, unlike Buffer, which skips what it does not know. White space may stand anywhere; the padding may be missing. */
function decodeBase64(text: string): Buffer {
  const digits = text.replace(/\s+/g, "");
  const unpadded = digits.replace(/={1,2}$/, "");
  const isPaddedRight = digits.length === unpadded.length || digits.length % 4 === 0;
  if (!/^[A-Za-z0-9+/]*$/.test(unpadded) || unpadded.length % 4 === 1 || !isPaddedRight) {
    throw invalid("The text is neither an address nor valid base64.");
  }
  return Buffer.from(unpadded, "base64");
}
