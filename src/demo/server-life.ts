import { randomInt } from "node:crypto";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { JsonObject, JsonValue } from "../json/exact.ts";
import type { FaultSwitches } from "./faults.ts";
import type { FileTree } from "./file-tree.ts";
import { FixedRun, type FixedRuns } from "./fixed-run.ts";
import { PromptRun } from "./prompt-run.ts";
import { History } from "./history.ts";
import type { Dialect } from "./input-check.ts";
import { NodeCache } from "./node-cache.ts";
import type { NodeDefinition } from "./node-definition.ts";
import { ProcessGone } from "./node-failure.ts";
import { Pace } from "./pace.ts";
import { PromptQueue, type QueueItem } from "./queue.ts";
import type { RunRecord } from "./run-record.ts";
import { SocketHub } from "./socket-hub.ts";

/** Keys of extra_data that must not be shown (comfyui-protocol.md §1.2). */
const secretKeys: ReadonlySet<string> = new Set(["auth_token_comfy_org", "api_key_comfy_org"]);

export interface ServerLifeParams {
  readonly definitions: ReadonlyMap<string, NodeDefinition>;
  readonly files: FileTree;
  readonly record: RunRecord;
  readonly faults: FaultSwitches;
  readonly dialect: Dialect;
  readonly stepMs: number;
  /** null: prompts are run, one at a time. */
  readonly fixedRuns: FixedRuns | null;
  readonly maxUploadBytes: number;
  readonly staleClose: boolean;
  readonly previews: boolean;
  readonly orderOutputs: (ids: readonly string[]) => readonly string[];
}

/** One life of the process: all that a restart loses (comfyui-protocol.md §3.2). */
export class ServerLife {
  readonly params: ServerLifeParams;
  readonly hub: SocketHub;
  readonly history = new History();
  readonly #queue = new PromptQueue();
  readonly #cache: NodeCache;
  readonly #pace: Pace;
  readonly #tempSuffix = Array.from({ length: 5 }, () => String.fromCharCode(97 + randomInt(26))).join("");
  /** More than one only with {@link FixedRuns}. */
  readonly #running = new Map<QueueItem, PromptRun | FixedRun>();
  #counter = 0;
  #isAlive = true;
  #busyWorkers = 0;
  #fixedRuns = 0;
  #freeMemory = false;

  constructor(params: ServerLifeParams) {
    this.params = params;
    this.#cache = new NodeCache(params.dialect === "next" ? "keep" : "last-prompt");
    this.#pace = new Pace({ stepMs: params.stepMs, faults: params.faults });
    this.hub = new SocketHub({
      features: this.features(),
      queueRemaining: () => this.queueRemaining,
      current: () => this.#current(),
      staleClose: params.staleClose,
    });
  }

  features(): JsonObject {
    const base = { supports_preview_metadata: true, max_upload_size: this.params.maxUploadBytes };
    return this.params.dialect === "next" ? { ...base, supports_model_type_tags: true, node_replacements: true, assets: false } : base;
  }

  get queueRemaining(): number {
    return this.#queue.length + this.#running.size;
  }

  get running(): readonly QueueItem[] {
    return [...this.#running.keys()];
  }

  /** In heap order. */
  get pending(): readonly QueueItem[] {
    return this.#queue.items();
  }

  /** The number of the next prompt that brings none of its own. */
  takeNumber(): number {
    this.#counter += 1;
    return this.#counter - 1;
  }

  /** @throws {TypeError} when the queue cannot order the item; it is queued nevertheless */
  put(item: QueueItem): void {
    const clientId = item.extraData["client_id"];
    this.params.record.accept({ promptId: item.promptId, clientId: typeof clientId === "string" ? clientId : null, prompt: item.prompt });
    const extraData = this.params.dialect === "next" ? { ...item.extraData, create_time: Date.now() } : item.extraData;
    this.#queue.push({ ...item, extraData, outputs: this.params.orderOutputs(item.outputs) });
    // A free worker begins in this turn, before what is said in it leaves.
    this.#wake();
    this.hub.sendStatus();
  }

  /** @returns whether a waiting prompt was taken out */
  dequeue(promptId: string): boolean {
    const deleted = this.#queue.delete(promptId);
    if (deleted) this.hub.sendStatus();
    return deleted;
  }

  clearQueue(): void {
    this.#queue.clear();
    this.hub.sendStatus();
  }

  /** @param promptId only when this one runs; null: whatever runs. @returns whether it did */
  interrupt(promptId: string | null): boolean {
    if (promptId !== null && !this.running.some((item) => item.promptId === promptId)) return false;
    this.#pace.interrupt();
    return this.#running.size > 0;
  }

  free(freeMemory: boolean): void {
    this.#freeMemory ||= freeMemory;
    this.#wake();
  }

  killWorker(): void {
    this.#isAlive = false;
  }

  end(): void {
    this.#isAlive = false;
    this.#pace.end();
    for (const run of this.#running.values()) if (run instanceof FixedRun) run.end();
    this.hub.dropAll();
  }

  #current(): { readonly clientId: string; readonly nodeId: string } | null {
    const [run] = this.#running.values();
    const nodeId = run?.currentNode ?? null;
    const clientId = run?.clientId ?? null;
    return nodeId === null || clientId === null ? null : { clientId, nodeId };
  }

  #wake(): void {
    if (!this.#isAlive || this.#busyWorkers >= (this.params.fixedRuns?.workers ?? 1)) return;
    this.#busyWorkers += 1;
    void this.#work().catch((error: unknown) => {
      this.#isAlive = false;
      // A comparison that fails in the queue kills the real worker as well; the rest are faults of the stand-in.
      if (!(error instanceof ProcessGone) && !(error instanceof TypeError && error.message.includes("'<'"))) this.params.record.crashed(error);
    });
  }

  async #work(): Promise<void> {
    // The answer to the POST goes out first more often than not.
    await nextTurn();
    while (this.#isAlive) {
      const item = this.#queue.pop();
      if (item === undefined) break;
      await this.#execute(item);
      this.#free();
    }
    this.#free();
    this.#busyWorkers -= 1;
  }

  #free(): void {
    if (this.#freeMemory) this.#cache.clear();
    this.#freeMemory = false;
  }

  async #execute(item: QueueItem): Promise<void> {
    const run = this.#newRun(item);
    this.#running.set(item, run);
    this.params.record.ran(item.promptId);
    this.hub.sendStatus();
    const { clientId } = run;
    const { success, outputs, meta, messages } = await run.run();
    this.#running.delete(item);
    this.history.add(item.promptId, {
      prompt: queueTuple(item, { showsSecrets: false }),
      outputs,
      status: { status_str: success ? "success" : "error", completed: success, messages },
      meta,
    });
    this.hub.sendStatus();
    if (clientId !== null) this.hub.send("executing", { node: null, prompt_id: item.promptId }, clientId);
    await nextTurn();
  }

  #nextFixedRun(): number {
    this.#fixedRuns += 1;
    return this.#fixedRuns;
  }

  #newRun(item: QueueItem): PromptRun | FixedRun {
    const { definitions, files, dialect, record, previews, fixedRuns } = this.params;
    if (fixedRuns !== null) return new FixedRun({ fixed: fixedRuns, files, sink: this.hub, number: this.#nextFixedRun() }, item);
    return new PromptRun(
      {
        definitions,
        files,
        cache: this.#cache,
        sink: this.hub,
        pace: this.#pace,
        tempSuffix: this.#tempSuffix,
        previews,
        onCrash: (error) => record.crashed(error),
        dialect,
      },
      item,
    );
  }
}

/** A prompt as GET /queue and the history show it. */
export function queueTuple(item: QueueItem, params: { readonly showsSecrets: boolean }): readonly JsonValue[] {
  const extraData = params.showsSecrets
    ? item.extraData
    : Object.fromEntries(Object.entries(item.extraData).filter(([key]) => !secretKeys.has(key)));
  return [item.number, item.promptId, item.prompt, extraData, item.outputs];
}
