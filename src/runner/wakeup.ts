import type { Clock } from "../telemetry/clock.ts";

/** Lets a loop sleep until something happens or a time is over. A wake that comes while nobody waits is kept. */
export class Wakeup {
  readonly #clock: Clock;
  #pending = false;
  #resolve: (() => void) | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  wake(): void {
    this.#pending = true;
    this.#resolve?.();
  }

  /**
   * Waits for the next {@link wake}, at most `maxMs`. One waiter at a time.
   *
   * @returns whether it was woken before the time was over
   */
  async wait(maxMs: number): Promise<boolean> {
    if (!this.#pending) {
      await new Promise<void>((resolve) => {
        const timer = this.#clock.after(maxMs, resolve);
        this.#resolve = () => {
          timer.cancel();
          resolve();
        };
      });
      this.#resolve = null;
    }
    const woken = this.#pending;
    this.#pending = false;
    return woken;
  }
}
