import { AppError } from "../../errors/app-error.ts";

/**
 * The whole body of a request, never more than `maxBytes` of it in memory.
 *
 * @throws {AppError} `payload_too_large`, before reading when the length is announced; `invalid_json` when it breaks off
 */
export async function readBytes(request: Request, maxBytes: number): Promise<Uint8Array> {
  try {
    return await readAll(request, maxBytes);
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new AppError("invalid_json", "The body broke off before its end.", { cause: error });
  }
}

async function readAll(request: Request, maxBytes: number): Promise<Uint8Array> {
  const length = request.headers.get("content-length");
  if (length !== null && Number(length) > maxBytes) throw tooLarge(maxBytes);
  // A body of a length is never longer than that: the server cuts it off there. In one piece it costs a fraction of a stream.
  if (length !== null) return new Uint8Array(await request.arrayBuffer());
  const chunks: Uint8Array[] = [];
  let size = 0;
  const body: AsyncIterable<Uint8Array> | readonly Uint8Array[] = request.body ?? [];
  for await (const chunk of body) {
    size += chunk.byteLength;
    if (size > maxBytes) throw tooLarge(maxBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}

function tooLarge(maxBytes: number): AppError {
  return new AppError("payload_too_large", `The body is larger than ${maxBytes} bytes. Upload files with POST /v1/files or as multipart/form-data.`);
}
