/** Contents of small files that were just put: most are read within a moment, by whoever waits for them. */
export class RecentContents {
  readonly #maxBytes: number;
  readonly #byId = new Map<string, Uint8Array>();
  #bytes = 0;

  /** @param maxBytes of all together */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** The oldest make room. What is larger than all the room is not kept. */
  add(id: string, content: Uint8Array): void {
    this.remove(id);
    if (content.length > this.#maxBytes) return;
    this.#byId.set(id, content);
    this.#bytes += content.length;
    for (const oldest of this.#byId.keys()) {
      if (this.#bytes <= this.#maxBytes) return;
      this.remove(oldest);
    }
  }

  get(id: string): Uint8Array | undefined {
    return this.#byId.get(id);
  }

  remove(id: string): void {
    this.#bytes -= this.#byId.get(id)?.length ?? 0;
    this.#byId.delete(id);
  }
}
