import type { Clock } from "../telemetry/clock.ts";

interface Bucket {
  left: number;
  at: number;
}

const minuteMs = 60_000;

/**
 * How many requests a minute each key may make: a bucket of that many, filled evenly. A burst of a minute's worth is
 * fine; more than that in the long run is not. There is one bucket for each key of the configuration, so that strangers
 * cannot make it grow.
 */
export class RequestBudget {
  readonly #clock: Pick<Clock, "now">;
  readonly #buckets = new Map<string, Bucket>();

  constructor(clock: Pick<Clock, "now">) {
    this.#clock = clock;
  }

  /** Takes one request of the key's. @returns 0, or after how many milliseconds the next one is free */
  take({ name, requestsPerMinute }: { readonly name: string; readonly requestsPerMinute: number }): number {
    const now = this.#clock.now();
    const bucket = this.#buckets.get(name) ?? { left: requestsPerMinute, at: now };
    // A clock that was set back fills nothing, and takes nothing away.
    const filled = (Math.max(0, now - bucket.at) * requestsPerMinute) / minuteMs;
    const left = Math.min(requestsPerMinute, bucket.left + filled);
    const isFree = left >= 1;
    this.#buckets.set(name, { left: isFree ? left - 1 : left, at: now });
    return isFree ? 0 : Math.ceil(((1 - left) * minuteMs) / requestsPerMinute);
  }
}
