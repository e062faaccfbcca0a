import type { BackendEvent } from "./event.ts";
import type { HistoryEntry } from "./history.ts";

/**
 * Whether the socket told a run from its first message to its last, so that its history entry holds nothing new: it
 * ran every node, complained of none, succeeded, and named what it made. What came from the cache, and whatever did
 * not go well, is read from the history, which alone has the verdict (comfyui-protocol.md §1.3, §2.4).
 */
export class ToldRun {
  #isWhole = true;
  #started = false;
  #ranAll = false;
  #hasOutput = false;
  #succeeded = false;

  apply(event: BackendEvent): void {
    switch (event.type) {
      case "started":
        this.#started = true;
        break;
      case "cached":
        this.#ranAll = event.nodeIds.length === 0;
        break;
      case "node-output":
        this.#hasOutput = true;
        break;
      case "succeeded":
        this.#succeeded = true;
        break;
      case "gap":
      case "node-error":
        this.#isWhole = false;
        break;
      default:
    }
  }

  /** What the history would say, but for the outputs, which the events named; null when it has to be asked. */
  get entry(): HistoryEntry | null {
    const isTold = this.#isWhole && this.#started && this.#ranAll && this.#hasOutput && this.#succeeded;
    return isTold ? { failure: null, outputs: {}, cachedNodeIds: [] } : null;
  }
}
