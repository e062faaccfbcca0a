import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** So much is left behind before it is cleared away: a few pieces, which a millisecond clears while their file takes ten. */
const everyBytes = 2 * 2 ** 20;

/**
 * What looks through the youngest objects alone. V8 hands it out under a flag, which is set for that moment only: a Node.js that
 * starts under it does not take what was compiled of its own modules when it was built, and takes 30 ms longer.
 */
function youngestClearer(): () => void {
  setFlagsFromString("--expose-gc");
  const clear: unknown = runInNewContext("gc");
  setFlagsFromString("--no-expose-gc");
  if (typeof clear !== "function") throw new TypeError("V8 does not let its memory be cleared");
  return () => void Reflect.apply(clear, undefined, [{ type: "minor" }]);
}

/**
 * A stream of a large file is a trail of buffers, each used once. V8 lets 64 MB of such memory pile up, in each direction,
 * and then looks through all there is, which was a quarter of what such a stream cost; cleared away as it arises, it is
 * neither in the way nor in the bill.
 */
export class StreamGarbage {
  #clear: (() => void) | null;
  #bytes = 0;

  constructor(clear: (() => void) | null = null) {
    this.#clear = clear;
  }

  /** So many more have been passed on, and their buffer is of no more use. */
  add(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes < everyBytes) return;
    this.#bytes = 0;
    this.#clear ??= youngestClearer();
    this.#clear();
  }
}
