/** A pending call; `cancel` after it ran does nothing. */
export interface Timer {
  cancel(): void;
}

/** The only source of time. Passed in, so that a test can hold it. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Calls `run` once, `delayMs` from now. */
  after(delayMs: number, run: () => void): Timer;
}

class SystemTimer implements Timer {
  readonly #handle: NodeJS.Timeout;

  constructor(handle: NodeJS.Timeout) {
    this.#handle = handle;
  }

  cancel(): void {
    // Node.js keeps one list for all timers of a length, and drops it with the last that holds the process: where one job
    // runs at a time, each of its timers would make and drop one.
    this.#handle.unref();
    clearTimeout(this.#handle);
  }
}

export const systemClock: Clock = {
  now: () => Date.now(),
  after: (delayMs, run) => new SystemTimer(setTimeout(run, delayMs)),
};
