import type { ConnectionFault } from "./connection-fault.ts";

/** One call, whatever it is busy with: first a request, then its answer. */
export class UnderWay {
  #now: { destroy(reason: Error): unknown } | null = null;
  #ended: ConnectionFault | null = null;

  /** What it is busy with from here on. Ends at once when the call was ended before. */
  is(now: { destroy(reason: Error): unknown }): void {
    this.#now = now;
    if (this.#ended !== null) now.destroy(this.#ended);
  }

  /** The first reason counts. */
  end(reason: ConnectionFault): void {
    if (this.#ended !== null) return;
    this.#ended = reason;
    this.#now?.destroy(reason);
  }
}
