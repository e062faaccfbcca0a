import type { Socket } from "node:net";

/**
 * Sends a form in chunks, as fast as the connection takes it, and no more of it once the connection is closed.
 * Rejects when the form cannot be read: a file of it is gone.
 */
export class FormSending {
  readonly #socket: Socket;
  readonly #form: ReadableStreamDefaultReader<Uint8Array>;
  #isOver = false;
  #goOn: (() => void) | null = null;

  constructor(socket: Socket, form: ReadableStream<Uint8Array>) {
    this.#socket = socket;
    this.#form = form.getReader();
  }

  async send(): Promise<void> {
    const wake = (): void => this.#goOn?.();
    this.#socket.on("drain", wake);
    try {
      for (let part = await this.#form.read(); !part.done && !this.#isOver; part = await this.#form.read()) {
        // An empty chunk would be the end.
        if (part.value.length > 0 && !this.#write(part.value)) await this.#room();
      }
      if (this.#isOver) return;
      await new Promise<void>((resolve) => {
        this.#goOn = resolve;
        this.#socket.write("0\r\n\r\n", "latin1", () => resolve());
      });
    } finally {
      this.#socket.off("drain", wake);
    }
  }

  /** The connection is closed, or the answer came before the form was sent. */
  stop(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#goOn?.();
    // Its files are closed in their own time, and nobody is left to hear of it.
    this.#form.cancel().catch(() => {});
  }

  #write(part: Uint8Array): boolean {
    this.#socket.write(`${part.length.toString(16)}\r\n`, "latin1");
    this.#socket.write(part);
    return this.#socket.write("\r\n", "latin1");
  }

  async #room(): Promise<void> {
    if (this.#isOver) return;
    await new Promise<void>((resolve) => {
      this.#goOn = resolve;
    });
  }
}
