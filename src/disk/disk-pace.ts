/** What the event loop may wait for a disk, on average: the way to the thread pool and back costs a tenth of it, under load all of it. */
const quickMs = 1;
/** How much the last piece of work counts in that average. */
const weight = 0.1;
/** No piece counts for more: one that was held up by a busy processor does not make a slow disk, three such in a row do. */
const mostMs = 4;
/** So long a disk that was slow is worked with beside the event loop, before it is tried again; twice as long each further time. */
const firstRestMs = 5_000;
const longestRestMs = 300_000;

/**
 * Whether short pieces of work on a disk (a sync of a little, a rename) are done at once or in the thread pool. A disk of a
 * GPU host, or a file system that keeps its own cache, takes a tenth of a millisecond, which is less than the thread pool
 * takes to say so. One that turns out to be slow is left to the thread pool for a while, so that nobody else waits for it.
 */
export class DiskPace {
  readonly #now: () => number;
  #averageMs = 0;
  #restMs = firstRestMs;
  #slowUntil = Number.NEGATIVE_INFINITY;

  /** @param now milliseconds of a clock that is never set back */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** @param beside the same, in the thread pool */
  async do<T>(atOnce: () => T, beside: () => Promise<T>): Promise<T> {
    if (this.#now() < this.#slowUntil) return beside();
    const began = this.#now();
    try {
      return atOnce();
    } finally {
      this.#took(this.#now() - began);
    }
  }

  #took(ms: number): void {
    this.#averageMs += weight * (Math.min(ms, mostMs) - this.#averageMs);
    if (this.#averageMs < quickMs) return;
    this.#averageMs = 0;
    this.#slowUntil = this.#now() + this.#restMs;
    this.#restMs = Math.min(this.#restMs * 2, longestRestMs);
  }
}
