import { systemClock, type Timer } from "../../telemetry/clock.ts";
import type { Connection } from "./connection.ts";

/** One turn of the event loop writes so many at most, so that others get theirs in between: some tens of milliseconds. */
const maxTogether = 128;

/**
 * Writes that are asked for while the disk is at work wait for it, so that they are one transaction and not one for each
 * turn of the event loop: who waits for the disk could not be told earlier anyway. But no longer than this: a disk that
 * does not answer must not keep a lease from being extended.
 */
const longestHoldMs = 20;

/** What is to be on the disk soon waits so long for a sync that is done anyway: where much is going on, there is one every few milliseconds. */
const longestSoonMs = 200;

/**
 * `synced`: told when it is on the disk. `soon`: when the operating system has it, which outlives the process; it is on the
 * disk within {@link longestSoonMs}. `light`: the same, without that bound: it reaches the disk with the next of the others.
 * That is for what comes often and may be lost with the machine.
 */
export type Durability = "synced" | "soon" | "light";

interface Told {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

interface Written {
  readonly durability: Durability;
  readonly resolve: () => void;
}

interface Pending {
  /** Writes, and answers when and how to tell the caller. May be called again after its transaction was rolled back. */
  readonly run: () => Written;
  readonly reject: (error: unknown) => void;
}

/**
 * Writes that were asked for in the same turn of the event loop, or while the disk was at work, become one transaction, in
 * the order in which they were asked for, and one wait for the disk, beside the event loop unless the disk is quick. When
 * one of them cannot be written, each gets a transaction of its own, so that it fails alone.
 */
export class GroupCommit {
  readonly #connection: Pick<Connection, "write" | "sync">;
  readonly #last: () => void;
  readonly #holdMs: number;
  readonly #soonMs: number;
  #pending: Pending[] = [];
  /** When it is written at the latest, if something is pending. */
  #turn: NodeJS.Immediate | null = null;
  #patience: Timer | null = null;
  /** When there is a sync at the latest, if something is to be on the disk soon. */
  #soon: Timer | null = null;
  /** Why a sync failed that nobody waited for. */
  #untold: { readonly error: unknown } | null = null;
  /** Committed, and not on the disk yet. */
  #unsynced: Told[] = [];
  #syncing: Promise<void> | null = null;

  /** @param last writes what follows from all writes of a transaction, at its end */
  constructor(connection: Pick<Connection, "write" | "sync">, last: () => void, { holdMs = longestHoldMs, soonMs = longestSoonMs } = {}) {
    this.#connection = connection;
    this.#last = last;
    this.#holdMs = holdMs;
    this.#soonMs = soonMs;
  }

  /**
   * @param durability of every result, or of each
   * @param write may run twice: it must do nothing but read and write the database
   */
  write<T>(durability: Durability | ((result: T) => Durability), write: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      const run = (): Written => {
        const result = write();
        return { durability: typeof durability === "function" ? durability(result) : durability, resolve: () => resolve(result) };
      };
      this.#pending.push({ run, reject });
      if (this.#syncing === null) this.#turn ??= setImmediate(() => this.#commit());
      else this.#patience ??= systemClock.after(this.#holdMs, () => this.#commit());
    });
  }

  /** Resolves when all that was asked for so far is on the disk, or has failed. */
  async flush(): Promise<void> {
    while (this.#pending.length > 0 || this.#syncing !== null || this.#soon !== null) {
      while (this.#pending.length > 0) this.#commit();
      await (this.#syncing ??= this.#sync());
    }
  }

  #commit(): void {
    const together = this.#pending.splice(0, maxTogether);
    if (this.#turn !== null) clearImmediate(this.#turn);
    this.#patience?.cancel();
    this.#patience = null;
    this.#turn = this.#pending.length === 0 ? null : setImmediate(() => this.#commit());
    if (!this.#committed(together) && together.length > 1) for (const one of together) this.#committed([one]);
    if (this.#unsynced.length > 0) this.#syncing ??= this.#sync();
  }

  /** @returns false when nothing of it is written. One that was alone knows why. */
  #committed(writes: readonly Pending[]): boolean {
    try {
      const written = this.#connection.write(() => {
        const each = writes.map(({ run, reject }) => ({ ...run(), reject }));
        this.#last();
        return each;
      });
      for (const { durability, resolve, reject } of written) {
        if (durability === "synced") this.#unsynced.push({ resolve, reject });
        else resolve();
        if (durability === "soon") this.#soon ??= this.#syncSoon();
      }
      return true;
    } catch (error) {
      const [first] = writes;
      if (writes.length === 1) first?.reject(error);
      return false;
    }
  }

  #syncSoon(): Timer {
    return systemClock.after(this.#soonMs, () => {
      // One that is under way may have begun before what this one is for was written.
      this.#soon = this.#syncing === null ? null : this.#syncSoon();
      this.#syncing ??= this.#sync();
    });
  }

  async #sync(): Promise<void> {
    const these = this.#unsynced;
    this.#unsynced = [];
    this.#soon?.cancel();
    this.#soon = null;
    try {
      await this.#connection.sync();
      this.#tell(these);
    } catch (error) {
      for (const { reject } of these) reject(error);
      if (these.length === 0) this.#untold = { error };
    }
    this.#syncing = null;
    // Those who have just been told may write as well. What was committed meanwhile may have come too late for this sync.
    if (this.#pending.length > 0) this.#turn ??= setImmediate(() => this.#commit());
    else if (this.#unsynced.length > 0) this.#syncing = this.#sync();
  }

  /** After a sync that failed the system takes what it could not write for written: the next who asks must not be told that it is on the disk. */
  #tell(these: readonly Told[]): void {
    const untold = this.#untold;
    if (these.length > 0) this.#untold = null;
    for (const { resolve, reject } of these) {
      if (untold === null) resolve();
      else reject(untold.error);
    }
  }
}
