import { giveBack } from "./owned-piece.ts";

/**
 * Contents of small files that were just put, for the one who waits for them: most are taken within a moment. The memory
 * they came in goes from hand to hand and is copied nowhere; that of contents that nobody takes is given back.
 */
export class RecentContents {
  readonly #maxBytes: number;
  /** Oldest first. */
  readonly #byId = new Map<string, Uint8Array>();
  #bytes = 0;

  /** @param maxBytes of all contents together */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /**
   * The oldest make room. What is larger than all the room, or empty, is not kept.
   *
   * @param pieces whose memory is the caller's no more
   */
  add(id: string, pieces: readonly Uint8Array[]): void {
    this.remove(id);
    const content = joined(pieces);
    if (content.length === 0 || content.length > this.#maxBytes) {
      giveBack(content);
      return;
    }
    this.#bytes += content.length;
    this.#byId.set(id, content);
    while (this.#bytes > this.#maxBytes) {
      const oldest = this.#byId.keys().next();
      if (oldest.done === true) return;
      this.remove(oldest.value);
    }
  }

  /** Its memory is the caller's from here on: who comes second finds nothing. */
  take(id: string): Uint8Array | undefined {
    const content = this.#byId.get(id);
    if (content === undefined) return undefined;
    this.#bytes -= content.length;
    this.#byId.delete(id);
    return content;
  }

  remove(id: string): void {
    const content = this.take(id);
    if (content !== undefined) giveBack(content);
  }
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const [first] = pieces;
  if (pieces.length === 1 && first !== undefined) return first;
  const whole = Buffer.allocUnsafeSlow(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
    giveBack(piece);
  }
  return whole;
}
