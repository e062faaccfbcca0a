import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { Busboy } from "@fastify/busboy";
import { AppError } from "../../errors/app-error.ts";
import { refuseEncoded } from "./refuse-encoded.ts";
import type { StoredFile } from "../../files/file-store.ts";

/** A workflow takes a handful of files; more at once would only fill the disk. */
const maxFiles = 32;

/** Far more than any workflow has inputs. */
const maxTexts = 256;

/** Name, file name and type of a part; browsers send three short lines. */
const maxPartHeaderBytes = 16 * 1024;

export interface Part {
  readonly name: string;
  /** The text, or `file:{id}` for a file that is now in the file store. */
  readonly value: string;
  /** The file behind it; null for a text. */
  readonly file: StoredFile | null;
}

export interface MultipartLimits {
  /** Of all text parts together. */
  readonly maxTextBytes: number;
}

/** Takes a file part's bytes while they arrive. */
export type PutFile = (content: Readable, filename: string | undefined) => Promise<StoredFile>;

function broken(detail: string, cause?: unknown): AppError {
  return new AppError("invalid_multipart", detail, { cause });
}

function openParser(contentType: string, maxTextBytes: number): Busboy {
  try {
    return new Busboy({
      headers: { "content-type": contentType },
      limits: { files: maxFiles, fields: maxTexts, fieldSize: maxTextBytes, headerPairs: 32, headerSize: maxPartHeaderBytes },
    });
  } catch (error) {
    throw broken("The Content-Type names no boundary. Let the client set it by itself.", error);
  }
}

type Busboy = InstanceType<typeof Busboy>;

/** The parts of a form in the order they came, gathered while the body streams in. */
class PartCollector {
  readonly parts: Promise<Part>[] = [];
  readonly #open = new Set<Readable>();
  readonly #parser: Busboy;
  #textBytes = 0;

  constructor(parser: Busboy, put: PutFile, { maxTextBytes }: MultipartLimits) {
    this.#parser = parser;
    parser.on("file", (name, content, filename) => this.#takeFile(name, content, filename, put));
    parser.on("field", (name, text, _nameTruncated, truncated) => {
      this.#textBytes += Buffer.byteLength(text);
      if (truncated || this.#textBytes > maxTextBytes) {
        parser.destroy(new AppError("payload_too_large", `The text parts are larger than ${maxTextBytes} bytes together.`));
      } else this.#add(name, Promise.resolve({ name, value: text, file: null }));
    });
    for (const [limit, most] of [["filesLimit", `${maxFiles} files`], ["fieldsLimit", `${maxTexts} text parts`]] as const) {
      parser.on(limit, () => parser.destroy(broken(`The form has more than ${most}.`)));
    }
  }

  /** Ends the files that are still coming in, and resolves when none of them is being written any more. */
  async abandon(error: Error): Promise<void> {
    for (const content of this.#open) content.destroy(error);
    await Promise.allSettled(this.parts);
  }

  #takeFile(name: string, content: Readable, filename: string | undefined, put: PutFile): void {
    this.#open.add(content);
    // It may break off before it is read; whoever reads it then meets the error.
    content.on("error", () => this.#open.delete(content));
    const stored = put(content, filename).finally(() => this.#open.delete(content));
    this.#add(name, stored.then((file) => ({ name, value: `file:${file.id}`, file })));
  }

  #add(name: string | undefined, part: Promise<Part>): void {
    this.parts.push(part);
    part.catch((error: unknown) => this.#parser.destroy(AppError.from(error)));
    if (name === undefined || name === "") this.#parser.destroy(broken("A part of the form has no name."));
  }
}

/**
 * Reads a `multipart/form-data` body; files go straight to `put`, never through memory.
 *
 * @throws {AppError} `invalid_multipart`, `payload_too_large`, or what `put` rejects with
 */
export async function readMultipart(request: Request, put: PutFile, limits: MultipartLimits): Promise<readonly Part[]> {
  refuseEncoded(request);
  const parser = openParser(request.headers.get("content-type") ?? "", limits.maxTextBytes);
  const collector = new PartCollector(parser, put, limits);
  try {
    await pipeline(request.body === null ? Readable.from([]) : Readable.fromWeb(request.body), parser);
    return await Promise.all(collector.parts);
  } catch (error) {
    const known = error instanceof AppError ? error : broken("The multipart body is broken or ends early.", error);
    await collector.abandon(known);
    throw known;
  }
}

export function isMultipart(request: Request): boolean {
  return /^multipart\/form-data\s*(;|$)/i.test(request.headers.get("content-type") ?? "");
}
