import { setTimeout as sleep } from "node:timers/promises";
import type { JsonObject, JsonValue } from "../json/exact.ts";
import type { FileTree } from "./file-tree.ts";
import type { FrameSink } from "./frame-sink.ts";
import { ProcessGone } from "./node-failure.ts";
import type { RunOutcome } from "./prompt-run.ts";
import { toPythonString } from "./python-conversion.ts";
import type { QueueItem } from "./queue.ts";

/** Runs that take a given time and save a given file, whatever their graph computes: to measure what is around them. */
export interface FixedRuns {
  /** How many prompts run side by side. */
  readonly workers: number;
  readonly jobMs: number;
  /** What each output node saves. */
  readonly file: { readonly bytes: Uint8Array; readonly extension: string };
}

interface FixedRunParams {
  readonly fixed: FixedRuns;
  readonly files: FileTree;
  readonly sink: FrameSink;
  readonly ended: AbortSignal;
  /** Of this run: no two save the same bytes. */
  readonly number: number;
}

/** Files lie in memory: older ones are written over. More than ever are on their way. */
const keptFiles = 256;
/** A larger file is not copied for each run: it would fill the memory. */
const maxNumberedBytes = 100_000_000;

/** The same file with a number after its end, which readers of pictures skip. */
function numbered(bytes: Uint8Array, number: number): Uint8Array {
  if (bytes.byteLength > maxNumberedBytes) return bytes;
  const copy = Buffer.allocUnsafe(bytes.byteLength + 8);
  copy.set(bytes);
  copy.writeBigUInt64LE(BigInt(number), bytes.byteLength);
  return copy;
}

/** One such run, told of in the order of comfyui-protocol.md §2.4. It cannot be interrupted. */
export class FixedRun {
  readonly #params: FixedRunParams;
  readonly #item: QueueItem;
  readonly clientId: string | null;
  readonly #messages: JsonValue[] = [];
  #currentNode: string | null = null;

  constructor(params: FixedRunParams, item: QueueItem) {
    this.#params = params;
    this.#item = item;
    const clientId = item.extraData["client_id"] ?? null;
    this.clientId = clientId === null ? null : toPythonString(clientId);
  }

  get currentNode(): string | null {
    return this.#currentNode;
  }

  async run(): Promise<RunOutcome> {
    const { fixed, ended } = this.#params;
    const { promptId, outputs } = this.#item;
    this.#announce("execution_start", { prompt_id: promptId });
    this.#announce("execution_cached", { nodes: [], prompt_id: promptId });
    if (fixed.jobMs > 0) await sleep(fixed.jobMs, undefined, { signal: ended }).catch(() => undefined);
    if (ended.aborted) throw new ProcessGone();
    const shown: Record<string, JsonObject> = {};
    for (const id of outputs) shown[id] = this.#save(id);
    this.#announce("execution_success", { prompt_id: promptId });
    this.#currentNode = null;
    return { success: true, outputs: shown, meta: {}, messages: this.#messages };
  }

  #save(node: string): JsonObject {
    const { files, fixed } = this.#params;
    const { promptId } = this.#item;
    this.#currentNode = node;
    this.#send("executing", { node, display_node: node, prompt_id: promptId });
    const filename = `${this.#params.number % keptFiles}_${node}.${fixed.file.extension}`;
    files.write("output", `fixed/${filename}`, numbered(fixed.file.bytes, this.#params.number));
    const output = { images: [{ filename, subfolder: "fixed", type: "output" }] };
    this.#send("executed", { node, display_node: node, output, prompt_id: promptId });
    return output;
  }

  #announce(type: string, data: JsonObject): void {
    const told = { ...data, timestamp: Date.now() };
    this.#messages.push([type, told]);
    this.#send(type, told);
  }

  #send(type: string, data: JsonObject): void {
    this.#params.sink.send(type, data, this.clientId);
  }
}
