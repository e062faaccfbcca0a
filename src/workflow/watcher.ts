import { watch, type FSWatcher } from "node:fs";
import { folderSnapshot } from "./folder-snapshot.ts";

/** As telemetry's clock has it; this room does not import that one. */
export interface WatcherClock {
  now(): number;
  after(delayMs: number, run: () => void): { cancel(): void };
}

export interface WatcherParams {
  readonly dir: string;
  readonly clock: WatcherClock;
  /** Called when the folder has changed and come to rest, never twice at a time. Its failure is told to `failed`. */
  readonly changed: () => Promise<void>;
  readonly failed: (error: unknown) => void;
}

/** Editors write a file in several steps, and copying a folder takes many: this long without a change is rest. */
const settleMs = 150;
/** A folder that never rests is taken as it is after this long, so that a change shows within two seconds. */
const longestRestlessMs = 900;
/** How often the folder is looked at, for network disks and some mounts tell of no change. */
const pollMs = 1_000;
/** Looking must not be what the process does: it rests this many times as long as it looked. */
const restFactor = 4;

/**
 * Watches a folder, by what the system tells and by looking itself. The folder may be absent, come later, or go.
 * `start` takes what is there as known.
 */
export class FolderWatcher {
  readonly #params: WatcherParams;
  #known: string | null = null;
  /** The last look that differed from what is known, and since when the folder has been differing. */
  #restless: { readonly snapshot: string; readonly sinceMs: number } | null = null;
  #system: FSWatcher | null = null;
  #timer: { cancel(): void } | null = null;
  #timerAtMs = Number.POSITIVE_INFINITY;
  #looking: Promise<void> | null = null;
  #running = false;

  constructor(params: WatcherParams) {
    this.#params = params;
  }

  /** Resolves when what is there is known: a change after that is noticed. */
  async start(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    this.#watch();
    this.#known = await folderSnapshot(this.#params.dir);
    this.#schedule(pollMs);
  }

  async stop(): Promise<void> {
    this.#running = false;
    this.#system?.close();
    this.#system = null;
    this.#timer?.cancel();
    this.#timer = null;
    await this.#looking;
  }

  /**
   * The folder has been read by somebody else, who may have met it in a state that no look has seen: the next look
   * tells of a change, whatever it finds.
   */
  forget(): void {
    this.#known = null;
    this.#schedule(settleMs);
  }

  /** Looks now, as the timer does. */
  async look(): Promise<void> {
    this.#looking ??= this.#lookOnce().finally(() => {
      this.#looking = null;
    });
    await this.#looking;
  }

  async #lookOnce(): Promise<void> {
    const { clock, dir } = this.#params;
    const startedMs = clock.now();
    const snapshot = await folderSnapshot(dir);
    if (!this.#running) return;
    const tookMs = clock.now() - startedMs;
    if (snapshot === this.#known) {
      this.#restless = null;
      this.#schedule(Math.max(pollMs, tookMs * restFactor));
      return;
    }
    const sinceMs = this.#restless?.sinceMs ?? startedMs;
    const isAtRest = this.#restless?.snapshot === snapshot;
    this.#restless = { snapshot, sinceMs };
    if (!isAtRest && startedMs - sinceMs < longestRestlessMs) {
      this.#schedule(settleMs);
      return;
    }
    this.#known = snapshot;
    this.#restless = null;
    await this.#tell();
    // A new folder, or one that came back, is not watched by what the system was asked to watch.
    if (this.#running && this.#system === null) this.#watch();
    this.#schedule(settleMs);
  }

  async #tell(): Promise<void> {
    try {
      await this.#params.changed();
    } catch (error) {
      this.#params.failed(error);
    }
  }

  /** The earlier of what is planned and this. */
  #schedule(delayMs: number): void {
    if (!this.#running) return;
    const { clock } = this.#params;
    const atMs = clock.now() + delayMs;
    if (this.#timer !== null && this.#timerAtMs <= atMs) return;
    this.#timer?.cancel();
    this.#timerAtMs = atMs;
    this.#timer = clock.after(delayMs, () => {
      this.#timer = null;
      this.#timerAtMs = Number.POSITIVE_INFINITY;
      void this.look();
    });
  }

  #watch(): void {
    try {
      const system = watch(this.#params.dir, { recursive: true, persistent: false });
      this.#system = system;
      system.on("change", () => this.#schedule(settleMs));
      // Also when the folder goes, or the system runs out of watches: looking goes on.
      system.on("error", () => {
        system.close();
        if (this.#system === system) this.#system = null;
      });
    } catch {
      // No such folder yet, or no watches on this disk: looking finds every change, only later.
      this.#system = null;
    }
  }
}
