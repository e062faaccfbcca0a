/** Remembers that something has happened until somebody has waited for it: no call between two waits is lost. */
export class Latch {
  #isSet = false;
  #resolve: () => void = () => undefined;

  set(): void {
    this.#isSet = true;
    this.#resolve();
  }

  /** Resolves at once when it was set since the last wait. One waiter at a time. */
  async wait(): Promise<void> {
    if (!this.#isSet) {
      await new Promise<void>((resolve) => {
        this.#resolve = resolve;
      });
    }
    this.#isSet = false;
  }
}
