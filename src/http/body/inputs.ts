import type { JsonObject } from "../../json/exact.ts";
import type { HttpDeps } from "../deps.ts";
import { coerceField } from "./coerce.ts";
import { readJsonBody } from "./json-body.ts";
import { isMultipart, readMultipart, type Part } from "./multipart.ts";

/** A form's parts as the JSON that the same request would have sent. */
function inputsOf(parts: readonly Part[], inputSchema: JsonObject): Record<string, unknown> {
  // A browser sends a file field that was left empty as a nameless file of no bytes.
  const given = Map.groupBy(parts.filter(({ file }) => file === null || file.size > 0), ({ name }) => name);
  return Object.fromEntries([...given].map(([name, same]) => [name, coerceField(name, same.map(({ value }) => value), inputSchema)]));
}

/**
 * A workflow's inputs as sent, unchecked: a JSON body, or a form whose files are then in the file store.
 *
 * @throws {AppError} what the readers of either kind throw
 */
export async function readInputs(request: Request, inputSchema: JsonObject, { files, limits }: Pick<HttpDeps, "files" | "limits">): Promise<unknown> {
  if (!isMultipart(request)) return readJsonBody(request, limits.maxJsonBytes);
  const parts = await readMultipart(
    request,
    (content, filename) => files.put(content, { maxBytes: limits.maxFileBytes, ...(filename === undefined ? {} : { filename }) }),
    { maxTextBytes: limits.maxJsonBytes },
  );
  return inputsOf(parts, inputSchema);
}
