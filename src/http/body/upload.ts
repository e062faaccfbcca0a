import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { AppError } from "../../errors/app-error.ts";
import type { StoredFile } from "../../files/file-store.ts";
import type { HttpDeps, HttpFiles, HttpLimits } from "../deps.ts";
import { refuseEncoded } from "./refuse-encoded.ts";
import { isMultipart, readMultipart } from "./multipart.ts";

export interface UploadDeps extends Pick<HttpDeps, "files"> {
  readonly limits: Pick<HttpLimits, "maxFileBytes" | "maxJsonBytes">;
}

export interface Upload {
  readonly file: StoredFile;
  /** Whether the store did not have it before. */
  readonly isNew: boolean;
}

/** Extensions by the type a raw body claims: a hint where the content does not tell, as with tables and some meshes. */
const hints: Readonly<Record<string, string>> = {
  "text/csv": "csv",
  "text/markdown": "md",
  "application/json": "json",
  "model/obj": "obj",
  "model/stl": "stl",
  "model/gltf+json": "gltf",
};

/** Puts bytes into the store, and finds out on the way whether they were there: that can only be asked once all are hashed and none is kept. */
async function putNoting(files: HttpFiles, content: AsyncIterable<unknown>, maxBytes: number, filename: string | undefined): Promise<Upload> {
  const hash = createHash("sha256");
  let isNew = false;
  async function* noting(): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of content) {
        if (!(chunk instanceof Uint8Array)) throw new TypeError("a body is bytes");
        hash.update(chunk);
        yield chunk;
      }
    } catch (error) {
      throw error instanceof AppError ? error : new AppError("invalid_file", "The upload broke off before its end.", { cause: error });
    }
    isNew = (await files.describe(hash.digest("hex"))) === null;
  }
  const file = await files.put(noting(), { maxBytes, ...(filename === undefined ? {} : { filename }) });
  return { file, isNew };
}

async function uploadRaw(request: Request, files: HttpFiles, maxBytes: number): Promise<Upload> {
  refuseEncoded(request);
  if (Number(request.headers.get("content-length") ?? 0) > maxBytes) throw new AppError("payload_too_large", `A file may have at most ${maxBytes} bytes.`);
  const type = (request.headers.get("content-type") ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
  const filename = Object.hasOwn(hints, type) ? `upload.${hints[type]}` : undefined;
  return putNoting(files, request.body ?? Readable.from([]), maxBytes, filename);
}

async function uploadPart(request: Request, { files, limits }: UploadDeps): Promise<Upload> {
  const uploads: Upload[] = [];
  const parts = await readMultipart(
    request,
    async (content, filename) => {
      const upload = await putNoting(files, content, limits.maxFileBytes, filename);
      uploads.push(upload);
      return upload.file;
    },
    { maxTextBytes: limits.maxJsonBytes },
  );
  const [upload] = uploads;
  if (upload === undefined || parts.length !== 1 || parts[0]?.name !== "file") {
    throw new AppError("invalid_multipart", "Send exactly one part, named “file”, that is a file: curl -F file=@photo.png");
  }
  return upload;
}

/**
 * The one file of a request: the part `file` of a form, or the body as it is.
 *
 * @throws {AppError} `payload_too_large`, `invalid_multipart`, `invalid_file` when it is empty, `storage_failed`
 */
export async function readUpload(request: Request, deps: UploadDeps): Promise<Upload> {
  const upload = isMultipart(request) ? await uploadPart(request, deps) : await uploadRaw(request, deps.files, deps.limits.maxFileBytes);
  if (upload.file.size === 0) throw new AppError("invalid_file", "The file is empty.");
  return upload;
}
