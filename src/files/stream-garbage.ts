/** So much is left behind before it is cleared away: a few pieces, which a millisecond clears while their file takes ten. */
const everyBytes = 2 * 2 ** 20;

/** Looks through the youngest objects alone. Node.js lets a program ask for it under the flag `--expose-gc`, with which the executable runs. */
function clearYoungest(): void {
  globalThis.gc?.({ type: "minor" });
}

/**
 * A stream of a large file is a trail of buffers, each used once. V8 lets 64 MB of such memory pile up, in each direction,
 * and then looks through all there is, which was a quarter of what such a stream cost; cleared away as it arises, it is
 * neither in the way nor in the bill.
 */
export class StreamGarbage {
  readonly #clear: () => void;
  #bytes = 0;

  constructor(clear = clearYoungest) {
    this.#clear = clear;
  }

  /** So many more have been passed on, and their buffer is of no more use. */
  add(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes < everyBytes) return;
    this.#bytes = 0;
    this.#clear();
  }
}
