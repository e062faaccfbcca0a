import type { Connection, Durability } from "./connection.ts";

/** One turn of the event loop writes so many at most, so that others get theirs in between: some tens of milliseconds. */
const maxTogether = 128;

interface Pending {
  readonly durability: Durability;
  /** Writes, and answers how to tell the caller. May be called again after its transaction was rolled back. */
  readonly run: () => () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Writes that were asked for in the same turn of the event loop become one transaction, in the order in which they were
 * asked for: with many jobs under way the disk is waited for once and not for each. A caller is told only when its write
 * is committed. When one of them cannot be written, each gets a transaction of its own, so that it fails alone.
 */
export class GroupCommit {
  readonly #connection: Connection;
  readonly #last: () => void;
  #pending: Pending[] = [];
  #turn: NodeJS.Immediate | null = null;

  /** @param last writes what follows from all writes of a transaction, at its end */
  constructor(connection: Connection, last: () => void) {
    this.#connection = connection;
    this.#last = last;
  }

  /** @param write may run twice: it must do nothing but read and write the database */
  write<T>(durability: Durability, write: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      const run = (): (() => void) => {
        const result = write();
        return () => resolve(result);
      };
      this.#pending.push({ durability, run, reject });
      this.#turn ??= setImmediate(() => this.#commit());
    });
  }

  /** Commits what is still to be written. */
  flush(): void {
    while (this.#pending.length > 0) this.#commit();
  }

  #commit(): void {
    const together = this.#pending.splice(0, maxTogether);
    if (this.#turn !== null) clearImmediate(this.#turn);
    this.#turn = this.#pending.length === 0 ? null : setImmediate(() => this.#commit());
    if (this.#committed(together) || together.length === 1) return;
    for (const one of together) this.#committed([one]);
  }

  /** @returns false when nothing of it is written. One that was alone knows why. */
  #committed(writes: readonly Pending[]): boolean {
    const durability = writes.some((write) => write.durability === "synced") ? "synced" : "light";
    try {
      const settle = this.#connection.write(durability, () => {
        const told = writes.map(({ run }) => run());
        this.#last();
        return told;
      });
      for (const resolve of settle) resolve();
      return true;
    } catch (error) {
      const [first] = writes;
      if (writes.length === 1) first?.reject(error);
      return false;
    }
  }
}
