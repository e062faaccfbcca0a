import type { Clock, Timer } from "./clock.ts";

interface Pending {
  at: number;
  readonly run: () => void;
}

/** A clock for tests: it stands still until `advance` is called, and then runs what fell due, in order. */
export class HeldClock implements Clock {
  #now: number;
  #pending: Pending[] = [];

  constructor(now = Date.parse("2026-01-01T00:00:00Z")) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  after(delayMs: number, run: () => void): Timer {
    const entry = { at: this.#now + Math.max(0, delayMs), run };
    this.#pending.push(entry);
    return {
      cancel: () => {
        this.#pending = this.#pending.filter((other) => other !== entry);
      },
    };
  }

  /** Timers that have not run: a test that ends with some has leaked them. */
  get pendingTimers(): number {
    return this.#pending.length;
  }

  /** As when somebody sets the host's time: `now` moves, and each timer still runs after its own delay. */
  step(ms: number): void {
    this.#now += ms;
    for (const entry of this.#pending) entry.at += ms;
  }

  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const due = this.#pending.filter((entry) => entry.at <= end).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.#pending = this.#pending.filter((entry) => entry !== due);
      this.#now = Math.max(this.#now, due.at);
      due.run();
    }
    this.#now = end;
  }
}
