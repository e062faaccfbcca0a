import { Readable } from "node:stream";
import { AppError } from "../errors/app-error.ts";
import { fetchUrl } from "../files/fetch-url.ts";
import { parseFileSource, type FileSource } from "../files/file-source.ts";
import type { StoredFile } from "../files/file-store.ts";
import { kindOf } from "../files/media-type.ts";
import type { JobFile } from "../job/job.ts";
import type { FileAccepts } from "../workflow/workflow.ts";
import { checkStoredImage } from "./body/image-guard.ts";
import type { HttpDeps } from "./deps.ts";

type Deps = Pick<HttpDeps, "files" | "jobs" | "limits">;

/** The name ComfyUI gets the file under: by content, so that the same file is uploaded once. */
function inputFile(file: StoredFile): JobFile {
  return { fileId: file.id, name: `comfyui-api/${file.id}.${file.extension}` };
}

async function uploaded(id: string, { files, limits }: Deps): Promise<StoredFile> {
  const file = await files.describe(id);
  if (file === null) throw new AppError("invalid_file", "There is no uploaded file with this id. Upload it with POST /v1/files.");
  // An output of a job came in by another door, and has an id like any other file.
  await checkStoredImage(file, files, limits);
  return file;
}

async function outputOf(jobId: string, index: number, deps: Deps): Promise<StoredFile> {
  const output = (await deps.jobs.getSummary(jobId))?.outputs.find((each) => each.index === index);
  if (output === undefined) throw new AppError("invalid_file", `There is no output ${index} of a job ${jobId.slice(0, 100)}.`);
  return uploaded(output.sha256, deps);
}

async function fetched(url: URL, { files, limits }: Deps, signal: AbortSignal): Promise<StoredFile> {
  const { content, filename } = await fetchUrl(url, {
    maxBytes: limits.maxFileBytes,
    timeoutMs: limits.fetchTimeoutSeconds * 1000,
    allowPrivateAddresses: limits.allowPrivateAddresses,
    signal,
  });
  return files.put(content, { maxBytes: limits.maxFileBytes, ...(filename === undefined ? {} : { filename }) });
}

async function fileOf(source: FileSource, deps: Deps, signal: AbortSignal): Promise<StoredFile> {
  switch (source.from) {
    case "stored":
      return uploaded(source.fileId, deps);
    case "output":
      return outputOf(source.jobId, source.index, deps);
    case "url":
      return fetched(source.url, deps, signal);
    case "inline":
      return deps.files.put(Readable.from([source.content]), { maxBytes: deps.limits.maxFileBytes });
  }
}

const kindNames: Readonly<Record<Exclude<FileAccepts, "file">, string>> = {
  image: "an image",
  video: "a video",
  audio: "a sound",
  model3d: "a 3D model",
};

function checkKind(file: StoredFile, accepts: FileAccepts): void {
  if (file.size === 0) throw new AppError("invalid_file", "The file is empty.");
  if (accepts === "file" || kindOf(file.contentType, file.extension) === accepts) return;
  throw new AppError("invalid_file", `This input takes ${kindNames[accepts]}; what was sent is ${file.contentType}.`);
}

/**
 * Turns what a caller put into a file input into a file of the store. Private addresses, sizes, times and types are
 * checked on the way.
 *
 * @param signal ends a download when the caller hangs up
 * @returns a function that rejects with an AppError; whoever calls it says which field it was
 */
export function fileResolver(deps: Deps, signal: AbortSignal): (text: string, field: { readonly accepts: FileAccepts }) => Promise<JobFile> {
  return async (text, { accepts }) => {
    const file = await fileOf(parseFileSource(text), deps, signal);
    checkKind(file, accepts);
    return inputFile(file);
  };
}

/**
 * The files that a raw graph refers to as `file:{id}`.
 *
 * @throws {AppError} `invalid_file`
 */
export async function filesOfGraph(ids: readonly string[], deps: Deps): Promise<readonly JobFile[]> {
  return Promise.all(ids.map(async (id) => inputFile(await uploaded(id, deps))));
}
