import type { Clock } from "./telemetry/clock.ts";

/** A minute: a model that was just downloaded is soon listed, and ComfyUI, which lists folders on its only thread, is left alone. */
const keptMs = 60_000;

/** Keeps the last answer for a minute. Callers at the same time share one question; a failure is not kept. */
export class ModelCache<T> {
  readonly #ask: () => Promise<T>;
  readonly #clock: Pick<Clock, "now">;
  #kept: { readonly answer: Promise<T>; readonly at: number } | null = null;

  constructor(params: { readonly ask: () => Promise<T>; readonly clock: Pick<Clock, "now"> }) {
    this.#ask = params.ask;
    this.#clock = params.clock;
  }

  async read(): Promise<T> {
    const now = this.#clock.now();
    // Also when the clock has been set back.
    if (this.#kept !== null && Math.abs(now - this.#kept.at) < keptMs) return this.#kept.answer;
    const kept = { answer: this.#ask(), at: now };
    this.#kept = kept;
    try {
      return await kept.answer;
    } catch (error) {
      if (this.#kept === kept) this.#kept = null;
      throw error;
    }
  }
}
