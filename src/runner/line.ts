/** A place in a line. */
export interface Place {
  /** Resolves when all before it have let the next one go on. */
  readonly turn: Promise<void>;
  /** Lets the next one go on. Must be called, whatever happens; again does nothing. */
  next(): void;
}

/** Lets those who come pass one point in the order in which they came, whatever each does before and after it. */
export class Line {
  #last: Promise<void> = Promise.resolve();

  enter(): Place {
    const turn = this.#last;
    const { promise, resolve } = Promise.withResolvers<void>();
    // One that goes on before its turn lets nobody overtake those before it.
    this.#last = Promise.all([turn, promise]).then(() => undefined);
    return { turn, next: resolve };
  }
}
