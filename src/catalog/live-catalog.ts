import type { Clock, Timer } from "../telemetry/clock.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { CatalogStore } from "./catalog-store.ts";

/** What is needed of a ComfyUI; its backend has it. */
export interface ObjectInfoSource {
  health(): { readonly reachable: boolean };
  onHealth(listener: (health: { readonly reachable: boolean }) => void): () => void;
  objectInfo(): Promise<string>;
}

/** ComfyUI answers nobody while it makes its answer, so a failure is not asked after at once, nor for ever. */
const retriesMs = [15_000, 60_000, 300_000] as const;

/**
 * Asks ComfyUI for its catalog once each time that it becomes reachable: a restart is what changes it. Never by the
 * clock, but for a few tries after a failure.
 */
export class LiveCatalog {
  readonly #store: CatalogStore;
  readonly #source: ObjectInfoSource;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #leave: (() => void) | null = null;
  #retry: Timer | null = null;
  #failures = 0;
  /** Goes up with each time that ComfyUI becomes reachable: an answer of an earlier one is not waited for. */
  #turn = 0;
  #asking: Promise<void> = Promise.resolve();

  constructor(parts: { readonly store: CatalogStore; readonly source: ObjectInfoSource; readonly clock: Clock; readonly logger: Logger }) {
    this.#store = parts.store;
    this.#source = parts.source;
    this.#clock = parts.clock;
    this.#logger = parts.logger;
  }

  start(): void {
    if (this.#leave !== null || !this.#store.wantsLive) return;
    this.#leave = this.#source.onHealth(({ reachable }) => (reachable ? this.#begin() : this.#pause()));
    if (this.#source.health().reachable) this.#begin();
  }

  /** What is under way ends by itself when the source stops. */
  async stop(): Promise<void> {
    this.#leave?.();
    this.#leave = null;
    this.#pause();
    await this.#asking;
  }

  #pause(): void {
    this.#turn += 1;
    this.#retry?.cancel();
    this.#retry = null;
    this.#failures = 0;
  }

  #begin(): void {
    this.#pause();
    this.#ask(this.#turn);
  }

  #ask(turn: number): void {
    this.#asking = this.#askAfter(this.#asking, turn);
  }

  async #askAfter(before: Promise<void>, turn: number): Promise<void> {
    await before;
    if (turn === this.#turn) await this.#askOnce(turn);
  }

  async #askOnce(turn: number): Promise<void> {
    try {
      const text = await this.#source.objectInfo();
      if (turn === this.#turn) await this.#store.offer(text);
    } catch (error) {
      if (turn !== this.#turn) return;
      const delayMs = retriesMs[this.#failures];
      this.#failures += 1;
      this.#logger.warn({ err: error, again: delayMs !== undefined }, "ComfyUI did not tell its node classes");
      if (delayMs !== undefined) this.#retry = this.#clock.after(delayMs, () => this.#ask(turn));
    }
  }
}
