import { z } from "zod";
import { AppError } from "../errors/app-error.ts";
import { parsePythonJson } from "../json/exact.ts";
import { unexpectedBody, unexpectedStatus } from "./backend-error.ts";
import type { ComfyHttp } from "./http-client.ts";
import { timeoutsMs } from "./timeouts.ts";

const doing = "it was given an input file";

const uploadedSchema = z.looseObject({ name: z.string(), subfolder: z.string().catch("") });

/** ComfyUI would drop a folder inside the file's name, or take it for one that must exist (comfyui-protocol.md §1.5). */
function split(name: string): { readonly subfolder: string; readonly filename: string } {
  const slash = name.lastIndexOf("/");
  return { subfolder: name.slice(0, Math.max(slash, 0)), filename: name.slice(slash + 1) };
}

async function liesThere(http: ComfyHttp, name: string, size: number): Promise<boolean> {
  const query = { type: "input", ...split(name) };
  const { status, headers } = await http.call("/api/view", { method: "HEAD", query, timeoutMs: timeoutsMs.query });
  return status === 200 && headers["content-length"] === String(size);
}

/**
 * Puts a file into ComfyUI's input folder. Names tell the content, so a file of the same name and size is the same
 * file and is left alone: ComfyUI overwrites in place, and would truncate it under a run that reads it.
 * A half-written one, of another size, is replaced.
 */
export async function uploadInput(http: ComfyHttp, params: { readonly name: string; readonly content: Blob }): Promise<void> {
  const { name, content } = params;
  if (await liesThere(http, name, content.size)) return;
  const { subfolder, filename } = split(name);
  const form = new FormData();
  form.set("type", "input");
  form.set("subfolder", subfolder);
  form.set("overwrite", "true");
  form.set("image", content, filename);
  const timeoutMs = timeoutsMs.uploadBase + Math.ceil(content.size / 2 ** 20) * timeoutsMs.uploadPerMiB;
  const { status, text } = await http.call("/api/upload/image", { method: "POST", body: form, timeoutMs });
  if (status === 413) {
    const detail = `ComfyUI does not take a file of ${content.size} bytes. Raise its --max-upload-size, or send a smaller file.`;
    throw new AppError("comfyui_rejected", detail);
  }
  if (status !== 200) throw unexpectedStatus(status, doing);
  const answered = parseUploaded(text);
  // On Windows the folder comes back with the host's separators.
  if (answered.name !== filename || answered.subfolder.replaceAll("\\", "/") !== subfolder) {
    throw new AppError("comfyui_unexpected", "ComfyUI stored an input file under another name than it was given.");
  }
}

function parseUploaded(text: string): z.infer<typeof uploadedSchema> {
  try {
    return uploadedSchema.parse(parsePythonJson(text));
  } catch (error) {
    throw unexpectedBody(doing, error);
  }
}
