import { Readable } from "node:stream";
import type { Backend } from "../comfyui/backend.ts";
import type { UiFile } from "../comfyui/history.ts";
import { filesAndTexts } from "../comfyui/ui-output.ts";
import type { FileStore } from "../files/file-store.ts";
import { kindOf } from "../files/media-type.ts";
import type { Job, JobOutput } from "../job/job.ts";
import type { JsonValue } from "../json/exact.ts";
import type { Checkpoint } from "../telemetry/checkpoint.ts";
import type { AttemptDeps } from "./attempt-deps.ts";

/** Longest output: above any video a GPU host makes, below what fills a disk unnoticed. */
const maxOutputBytes = 16 * 2 ** 30;

/** A picture is held whole on its way from ComfyUI, and answered with from memory. No more come at a time than jobs are under way. */
const holdBytes = 1024 * 1024;

/** Something to copy, in the order the job lists it. */
type Source =
  | { readonly nodeId: string; readonly from: "file"; readonly file: UiFile }
  | { readonly nodeId: string; readonly from: "text"; readonly text: string }
  | { readonly nodeId: string; readonly from: "socket"; readonly image: Uint8Array; readonly contentType: string };

/** An image that a node sent over the socket instead of saving it. */
export interface SocketImage {
  readonly nodeId: string;
  readonly contentType: string;
  readonly image: Uint8Array;
}

export interface Found {
  /** UI dictionaries by node, from the history. */
  readonly recorded: Readonly<Record<string, JsonValue>>;
  /** UI dictionaries by node, from the events: the history can lack them (comfyui-protocol.md §3.1). */
  readonly announced: ReadonlyMap<string, readonly JsonValue[]>;
  readonly socketImages: readonly SocketImage[];
}

function fileKey(file: UiFile): string {
  return `${file.type}/${file.subfolder}/${file.filename}`;
}

function sourcesOf(job: Job, found: Found): Source[] {
  const nodeIds = [...new Set([...Object.keys(job.graph), ...Object.keys(found.recorded), ...found.announced.keys()])];
  const saved: Source[] = [];
  const temporary: Source[] = [];
  const texts: Source[] = [];
  const seen = new Set<string>();
  for (const nodeId of nodeIds) {
    const recorded = found.recorded[nodeId];
    const parts = recorded === undefined ? (found.announced.get(nodeId) ?? []) : [recorded];
    for (const { files, texts: strings } of parts.map(filesAndTexts)) {
      for (const file of files) {
        if (seen.has(fileKey(file))) continue;
        seen.add(fileKey(file));
        (file.type === "output" ? saved : temporary).push({ nodeId, from: "file", file });
      }
      texts.push(...strings.map((text): Source => ({ nodeId, from: "text", text })));
    }
  }
  const sent = found.socketImages.map((image): Source => ({ ...image, from: "socket" }));
  // What was meant to be kept comes first: it is what `Accept: image/png` answers with.
  return [...saved, ...sent, ...temporary, ...texts];
}

/**
 * Copies a finished run's outputs into the file store. After a rejection `collect` may be called again: it goes on
 * where it stopped.
 */
export class OutputCollector {
  readonly #backend: Backend;
  readonly #files: FileStore;
  readonly #checkpoint: Checkpoint;
  readonly #sources: readonly Source[];
  readonly #outputs: JobOutput[] = [];

  constructor(params: Pick<AttemptDeps, "backend" | "files" | "checkpoint"> & { readonly job: Job; readonly found: Found }) {
    this.#checkpoint = params.checkpoint;
    this.#backend = params.backend;
    this.#files = params.files;
    this.#sources = sourcesOf(params.job, params.found);
  }

  /** Those copied so far. */
  get outputs(): readonly JobOutput[] {
    return this.#outputs;
  }

  /** Rejects with AppError `comfyui_unreachable`, `output_unavailable` or `storage_failed`. */
  async collect(): Promise<void> {
    for (const source of this.#sources.slice(this.#outputs.length)) {
      this.#outputs.push(await this.#copy(source, this.#outputs.length));
      this.#checkpoint("mid-copy");
    }
  }

  async #copy(source: Source, index: number): Promise<JobOutput> {
    const { nodeId } = source;
    switch (source.from) {
      case "file": {
        const content = await this.#backend.download(source.file);
        const { id, ...file } = await this.#files.put(content, { maxBytes: maxOutputBytes, holdBytes, givesPieces: true, filename: source.file.filename });
        const kind = kindOf(file.contentType, file.extension);
        return { index, nodeId, kind, filename: source.file.filename, contentType: file.contentType, size: file.size, sha256: id };
      }
      case "socket": {
        const { id, size, contentType, extension } = await this.#files.put(Readable.from([source.image]), { maxBytes: maxOutputBytes });
        return { index, nodeId, kind: kindOf(contentType, extension), filename: `${index}.${extension}`, contentType, size, sha256: id };
      }
      case "text": {
        const bytes = Buffer.from(source.text, "utf8");
        const filename = `${index}.txt`;
        const { id, size } = await this.#files.put(Readable.from([bytes]), { maxBytes: maxOutputBytes, filename });
        return { index, nodeId, kind: "text", filename, contentType: "text/plain; charset=utf-8", size, sha256: id, text: source.text };
      }
    }
  }
}
