import { isDeepStrictEqual } from "node:util";
import type { JsonObject } from "../json/exact.ts";
import type { Prompt } from "./prompt.ts";

export interface QueueItem {
  readonly number: number;
  readonly promptId: string;
  /** The validated graph. */
  readonly prompt: Prompt;
  readonly extraData: JsonObject;
  readonly outputs: readonly string[];
}

/**
 * Python's `<` on the tuples of the real queue: by number, then id; two items that agree in both but differ in their graph
 * or extra data cannot be ordered (comfyui-protocol.md §3.2).
 */
function isLess(a: QueueItem, b: QueueItem): boolean {
  if (a.number !== b.number) return a.number < b.number;
  if (a.promptId !== b.promptId) return a.promptId < b.promptId;
  if (isDeepStrictEqual(a.prompt, b.prompt) && isDeepStrictEqual(a.extraData, b.extraData)) return false;
  throw new TypeError("'<' not supported between instances of 'dict' and 'dict'");
}

/** The waiting prompts as the binary heap that the real one is: `items()` shows heap order, not run order. */
export class PromptQueue {
  #heap: QueueItem[] = [];

  get length(): number {
    return this.#heap.length;
  }

  items(): readonly QueueItem[] {
    return this.#heap;
  }

  /** @throws {TypeError} when the item cannot be compared; it stays in the queue nevertheless */
  push(item: QueueItem): void {
    this.#heap.push(item);
    this.#rise(this.#heap.length - 1, 0);
  }

  /** @throws {TypeError} when items cannot be compared */
  pop(): QueueItem | undefined {
    const first = this.#heap[0];
    const last = this.#heap.pop();
    if (first === undefined || last === undefined) return undefined;
    if (this.#heap.length > 0) {
      this.#heap[0] = last;
      this.#sink(0);
    }
    return first;
  }

  /** Takes out one item with this id. @returns whether there was one */
  delete(promptId: string): boolean {
    const at = this.#heap.findIndex((item) => item.promptId === promptId);
    if (at < 0) return false;
    this.#heap.splice(at, 1);
    for (let index = Math.floor(this.#heap.length / 2) - 1; index >= 0; index -= 1) this.#sink(index);
    return true;
  }

  clear(): void {
    this.#heap = [];
  }

  #rise(from: number, top: number): void {
    let at = from;
    const item = this.#heap[at];
    if (item === undefined) return;
    while (at > top) {
      const above = Math.floor((at - 1) / 2);
      const parent = this.#heap[above];
      if (parent === undefined || !isLess(item, parent)) break;
      this.#heap[at] = parent;
      at = above;
    }
    this.#heap[at] = item;
  }

  // Moves the hole down to a leaf by always lifting the smaller child, then lets the item rise: the order that GET /queue shows depends on it.
  #sink(top: number): void {
    const item = this.#heap[top];
    if (item === undefined) return;
    let at = top;
    for (;;) {
      const left = this.#heap[2 * at + 1];
      const right = this.#heap[2 * at + 2];
      if (left === undefined) break;
      const pickRight = right !== undefined && !isLess(left, right);
      this.#heap[at] = pickRight ? right : left;
      at = 2 * at + (pickRight ? 2 : 1);
    }
    this.#heap[at] = item;
    this.#rise(at, top);
  }
}
