import type { FileHandle } from "node:fs/promises";
import { Readable } from "node:stream";
import type { ByteRange } from "./file-store.ts";
import type { StreamGarbage } from "./stream-garbage.ts";

/** Read at a time: a few trips to the thread pool for a picture, and little held for a slow reader. */
const pieceBytes = 256 * 1024;

/** The bytes of an open file, or of a range of it. Closes the file when it is read to its end or destroyed. */
export class FileReader extends Readable {
  readonly #handle: FileHandle;
  readonly #garbage: StreamGarbage;
  readonly #end: number;
  #position: number;

  constructor(handle: FileHandle, range: ByteRange | undefined, garbage: StreamGarbage) {
    super({ highWaterMark: pieceBytes });
    this.#handle = handle;
    this.#garbage = garbage;
    this.#position = range?.start ?? 0;
    this.#end = (range?.end ?? Number.MAX_SAFE_INTEGER - 1) + 1;
  }

  override _read(): void {
    void this.#next();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    void this.#close(error, callback);
  }

  async #close(error: Error | null, callback: (error?: Error | null) => void): Promise<void> {
    let failed: unknown = error;
    try {
      await this.#handle.close();
    } catch (closing) {
      failed ??= closing;
    }
    callback(failed instanceof Error ? failed : null);
  }

  async #next(): Promise<void> {
    const wanted = Math.min(pieceBytes, this.#end - this.#position);
    if (wanted <= 0) {
      this.push(null);
      return;
    }
    try {
      // Not from Node's pool: a piece is of its own, and gone as one.
      const { bytesRead, buffer } = await this.#handle.read(Buffer.allocUnsafeSlow(wanted), 0, wanted, this.#position);
      this.#position += bytesRead;
      this.#garbage.add(bytesRead);
      if (!this.destroyed) this.push(bytesRead === 0 ? null : buffer.subarray(0, bytesRead));
    } catch (error) {
      this.destroy(error instanceof Error ? error : new Error(String(error)));
    }
  }
}
