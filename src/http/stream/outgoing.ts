import { WebSocket } from "ws";
import { stringifyJson } from "../../json/exact.ts";

/** Unsent bytes of one reader, beyond which nothing more is read for it: some previews, or thousands of events. */
export const maxBufferedBytes = 1_000_000;

/** Sends to a reader no faster than it takes. */
export class Outgoing {
  readonly #socket: WebSocket;
  #flushed: Promise<void> = Promise.resolve();

  constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  /** Resolves when the message is handed over, at once as long as little is waiting; also when the reader has gone. */
  async send(message: object): Promise<void> {
    while (this.#isOpen() && this.#socket.bufferedAmount > maxBufferedBytes) await this.#flushed;
    if (!this.#isOpen()) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#flushed = promise;
    this.#socket.send(stringifyJson(message), () => resolve());
  }

  #isOpen(): boolean {
    return this.#socket.readyState === WebSocket.OPEN;
  }
}
