import type { Clock, Timer } from "../../telemetry/clock.ts";
import { ConnectionFault } from "../connection-fault.ts";

/** Where a body comes from. */
export interface BodySource {
  /** There is room again. */
  resume(): void;
  /** Nobody wants the rest. */
  breakOff(): void;
}

/**
 * The body of an answer, for one reader. Each piece is in memory of its own, which is the reader's. Fails with
 * {@link ConnectionFault} when the connection breaks, or brings nothing for `idleMs` while the reader waits; time that the
 * reader itself takes is not counted.
 */
export class AnswerBody implements AsyncIterableIterator<Uint8Array, undefined> {
  readonly #source: BodySource;
  readonly #clock: Clock;
  readonly #idleMs: number;
  #pieces: Uint8Array[] = [];
  #state: "open" | "whole" | "over" = "open";
  #fault: ConnectionFault | null = null;
  #reader: { resolve(result: IteratorResult<Uint8Array, undefined>): void; reject(fault: ConnectionFault): void } | null = null;
  #limit: Timer | null = null;

  constructor({ source, clock, idleMs }: { readonly source: BodySource; readonly clock: Clock; readonly idleMs: number }) {
    this.#source = source;
    this.#clock = clock;
    this.#idleMs = idleMs;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Must not be called again before it has resolved. */
  next(): Promise<IteratorResult<Uint8Array, undefined>> {
    const piece = this.#pieces.shift();
    if (piece !== undefined) {
      if (this.#state === "open") this.#source.resume();
      return Promise.resolve({ done: false, value: piece });
    }
    if (this.#fault !== null) return Promise.reject(this.#fault);
    if (this.#state !== "open") return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve, reject) => {
      this.#reader = { resolve, reject };
      this.#setLimit();
    });
  }

  return(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.destroy();
    return Promise.resolve({ done: true, value: undefined });
  }

  /** Lets go of the connection, unless all is here. */
  destroy(): void {
    const isOpen = this.#state === "open";
    this.#pieces = [];
    this.#finish("over");
    if (isOpen) this.#source.breakOff();
  }

  /** No more should come until the reader has taken what is here. */
  get isFull(): boolean {
    return this.#pieces.length > 0;
  }

  /** Something came, be it no whole piece. */
  stirred(): void {
    if (this.#reader !== null) this.#setLimit();
  }

  push(piece: Uint8Array): void {
    const reader = this.#reader;
    if (reader === null) {
      this.#pieces.push(piece);
      return;
    }
    this.#unlimit();
    this.#reader = null;
    reader.resolve({ done: false, value: piece });
  }

  end(): void {
    this.#finish("whole");
  }

  fail(fault: ConnectionFault): void {
    if (this.#state !== "open") return;
    this.#fault = fault;
    this.#pieces = [];
    this.#finish("over");
  }

  #finish(state: "whole" | "over"): void {
    this.#state = state;
    this.#unlimit();
    const reader = this.#reader;
    this.#reader = null;
    if (this.#fault === null) reader?.resolve({ done: true, value: undefined });
    else reader?.reject(this.#fault);
  }

  #setLimit(): void {
    this.#unlimit();
    const idleMs = this.#idleMs;
    this.#limit = this.#clock.after(idleMs, () => {
      this.fail(ConnectionFault.timeout(idleMs));
      this.#source.breakOff();
    });
  }

  #unlimit(): void {
    this.#limit?.cancel();
    this.#limit = null;
  }
}
