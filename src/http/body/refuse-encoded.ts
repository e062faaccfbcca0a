import { AppError } from "../../errors/app-error.ts";

/**
 * Nothing is unpacked for a caller: a few kilobytes of gzip hold gigabytes.
 *
 * @throws {AppError} `unsupported_media_type`
 */
export function refuseEncoded(request: Request): void {
  const encoding = request.headers.get("content-encoding")?.trim().toLowerCase() ?? "";
  if (encoding === "" || encoding === "identity") return;
  throw new AppError("unsupported_media_type", "Send the body as it is, without Content-Encoding.");
}
