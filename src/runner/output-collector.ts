import { Readable } from "node:stream";
import type { Backend } from "../comfyui/backend.ts";
import type { UiFile } from "../comfyui/history.ts";
import { fileKey, filesAndTexts } from "../comfyui/ui-output.ts";
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

/** Sources in the order in which they are listed. What was meant to be kept comes first: it is what `Accept: image/png` answers with. */
class Sources {
  readonly #saved: Source[] = [];
  readonly #temporary: Source[] = [];
  readonly #texts: Source[] = [];
  readonly #seen = new Set<string>();

  add(nodeId: string, ui: JsonValue): void {
    const { files, texts } = filesAndTexts(ui);
    for (const file of files) this.#addFile(nodeId, file);
    for (const text of texts) this.#texts.push({ nodeId, from: "text", text });
  }

  #addFile(nodeId: string, file: UiFile): void {
    const key = fileKey(file);
    if (this.#seen.has(key)) return;
    this.#seen.add(key);
    (file.type === "output" ? this.#saved : this.#temporary).push({ nodeId, from: "file", file });
  }

  list(images: readonly SocketImage[]): readonly Source[] {
    const sent = images.map((image): Source => ({ ...image, from: "socket" }));
    return [...this.#saved, ...sent, ...this.#temporary, ...this.#texts];
  }
}

/** Of each node in the order of the graph, then of nodes that the graph does not have. */
function sourcesOf({ graph }: Job, { recorded, announced, socketImages }: Found): readonly Source[] {
  const sources = new Sources();
  const ofNode = (nodeId: string): void => {
    const ui = Object.hasOwn(recorded, nodeId) ? recorded[nodeId] : undefined;
    if (ui !== undefined) sources.add(nodeId, ui);
    else for (const part of announced.get(nodeId) ?? []) sources.add(nodeId, part);
  };
  for (const nodeId of Object.keys(graph)) ofNode(nodeId);
  for (const nodeId of Object.keys(recorded)) if (!Object.hasOwn(graph, nodeId)) ofNode(nodeId);
  for (const nodeId of announced.keys()) if (!Object.hasOwn(graph, nodeId) && !Object.hasOwn(recorded, nodeId)) ofNode(nodeId);
  return sources.list(socketImages);
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
    for (let source = this.#next(); source !== undefined; source = this.#next()) {
      this.#outputs.push(await this.#copy(source, this.#outputs.length));
      this.#checkpoint("mid-copy");
    }
  }

  #next(): Source | undefined {
    return this.#sources[this.#outputs.length];
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
