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
  /** Of this run: no two save the same bytes. */
  readonly number: number;
}

/** Files lie in memory: older ones are written over. More than ever are on their way. */
const keptFiles = 256;

/** What follows the end of a file, where readers of pictures no longer look: the same file is another one in each run. */
function ending(number: number): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32LE(number);
  return bytes;
}

/** One such run, told of in the order of comfyui-protocol.md §2.4. It cannot be interrupted. */
export class FixedRun {
  readonly #params: FixedRunParams;
  readonly #item: QueueItem;
  readonly clientId: string | null;
  readonly #messages: JsonValue[] = [];
  #currentNode: string | null = null;
  #isGone = false;
  #wake = (): void => undefined;

  constructor(params: FixedRunParams, item: QueueItem) {
    this.#params = params;
    this.#item = item;
    const clientId = item.extraData["client_id"] ?? null;
    this.clientId = clientId === null ? null : toPythonString(clientId);
  }

  get currentNode(): string | null {
    return this.#currentNode;
  }

  /** The process ends: what waits for its time waits no longer. */
  end(): void {
    this.#isGone = true;
    this.#wake();
  }

  /** @throws {ProcessGone} when the process ends meanwhile */
  async run(): Promise<RunOutcome> {
    const { fixed } = this.#params;
    const { promptId, outputs } = this.#item;
    this.#announce("execution_start", { prompt_id: promptId });
    this.#announce("execution_cached", { nodes: [], prompt_id: promptId });
    if (fixed.jobMs > 0) await this.#takeTime(fixed.jobMs);
    if (this.#isGone) throw new ProcessGone();
    const shown: Record<string, JsonObject> = {};
    for (const id of outputs) shown[id] = this.#save(id);
    this.#announce("execution_success", { prompt_id: promptId });
    this.#currentNode = null;
    return { success: true, outputs: shown, meta: {}, messages: this.#messages };
  }

  #takeTime(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #save(node: string): JsonObject {
    const { files, fixed } = this.#params;
    const { promptId } = this.#item;
    this.#currentNode = node;
    this.#send("executing", { node, display_node: node, prompt_id: promptId });
    const filename = `${this.#params.number % keptFiles}_${node}.${fixed.file.extension}`;
    files.write("output", `fixed/${filename}`, fixed.file.bytes, ending(this.#params.number));
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
