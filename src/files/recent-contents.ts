interface Place {
  readonly start: number;
  readonly length: number;
}

/**
 * Contents of small files that were just put: most are read within a moment, by whoever waits for them. They are copied
 * into one block of memory, round and round, and out of it again: buffers of their own would each live just long enough for
 * V8 to count them among the old, and to look through all there is after every few pictures.
 */
export class RecentContents {
  readonly #maxBytes: number;
  /** In the order in which they lie in the block, from its oldest on. */
  readonly #byId = new Map<string, Place>();
  #block: Buffer | null = null;
  #next = 0;

  /** @param maxBytes of the block, which is not there before the first use */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** The oldest make room. What is larger than all the room, or empty, is not kept. */
  add(id: string, pieces: readonly Uint8Array[]): void {
    this.remove(id);
    const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
    if (length === 0 || length > this.#maxBytes) return;
    this.#block ??= Buffer.allocUnsafeSlow(this.#maxBytes);
    const start = this.#makeRoom(length);
    let at = start;
    for (const piece of pieces) {
      this.#block.set(piece, at);
      at += piece.length;
    }
    this.#next = at;
    this.#byId.set(id, { start, length });
  }

  /** A copy, which is the caller's: the original is overwritten some time. */
  get(id: string): Uint8Array | undefined {
    const place = this.#byId.get(id);
    if (place === undefined || this.#block === null) return undefined;
    const { start, length } = place;
    const copy = Buffer.allocUnsafeSlow(length);
    this.#block.copy(copy, 0, start, start + length);
    return copy;
  }

  /** Its room is free when its turn comes. */
  remove(id: string): void {
    this.#byId.delete(id);
  }

  /** @returns where it begins */
  #makeRoom(length: number): number {
    const fits = this.#next + length <= this.#maxBytes;
    // Those at the end of the block, where it does not fit, are older than those at its beginning.
    if (!fits) this.#drop(this.#next, this.#maxBytes);
    const start = fits ? this.#next : 0;
    this.#drop(start, start + length);
    return start;
  }

  #drop(start: number, end: number): void {
    for (const [id, place] of this.#byId) {
      if (place.start >= end || place.start + place.length <= start) return;
      this.#byId.delete(id);
    }
  }
}
