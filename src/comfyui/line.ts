/** Lets those who come do so one after the other, in the order in which they came, though not each to its end. */
export class Line {
  #last: Promise<void> = Promise.resolve();

  /** @param run tells when the next one may begin; it may anyway when `run` has ended */
  async enter<T>(run: (next: () => void) => Promise<T>): Promise<T> {
    const before = this.#last;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#last = promise;
    await before;
    try {
      return await run(resolve);
    } finally {
      resolve();
    }
  }
}
