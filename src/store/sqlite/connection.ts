import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { toStoreError } from "./sqlite-error.ts";

/** Backups and the sqlite3 shell read while we write; a checkpoint of theirs may make a write wait this long. */
const busyTimeoutMs = 5_000;
/** What the write-ahead log keeps on disk after a checkpoint; a burst may make it larger for a while. */
const journalSizeLimitBytes = 64 * 1024 * 1024;

/**
 * `synced`: on the disk when it is committed. `light`: handed to the operating system only; it outlives the process and
 * reaches the disk with the next `synced` one. That is for what comes often and may be lost with the machine.
 */
export type Durability = "synced" | "light";

type Parameters = Readonly<Record<string, SQLInputValue>>;

/** One connection to the job database: prepared statements and transactions. */
export class Connection {
  readonly #database: DatabaseSync;
  readonly #prepared = new Map<string, StatementSync>();
  #durability: Durability = "synced";

  constructor(path: string) {
    this.#database = new DatabaseSync(path, { timeout: busyTimeoutMs, enableForeignKeyConstraints: true });
    try {
      this.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = ${journalSizeLimitBytes}`);
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  get isOpen(): boolean {
    return this.#database.isOpen;
  }

  exec(text: string): void {
    this.#database.exec(text);
  }

  /** The first row, undefined when there is none. */
  get(text: string, parameters: Parameters = {}): unknown {
    return this.#prepare(text).get(parameters);
  }

  all(text: string, parameters: Parameters = {}): readonly unknown[] {
    return this.#prepare(text).all(parameters);
  }

  /** @returns how many rows changed */
  run(text: string, parameters: Parameters = {}): number {
    return Number(this.#prepare(text).run(parameters).changes);
  }

  /** @throws {AppError} what a store's method rejects with */
  read<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      throw toStoreError(error);
    }
  }

  /** One transaction; nothing is written when it throws. */
  write<T>(durability: Durability, write: () => T): T {
    return this.read(() => {
      this.#sync(durability);
      this.exec("BEGIN IMMEDIATE");
      try {
        const result = write();
        this.exec("COMMIT");
        return result;
      } catch (error) {
        // SQLite has already rolled back after some errors, a full disk among them.
        if (this.#database.isTransaction) this.exec("ROLLBACK");
        throw error;
      }
    });
  }

  close(): void {
    this.#prepared.clear();
    this.#database.close();
  }

  #sync(durability: Durability): void {
    if (durability === this.#durability) return;
    this.exec(`PRAGMA synchronous = ${durability === "synced" ? "FULL" : "NORMAL"}`);
    this.#durability = durability;
  }

  /** Each statement is prepared when it is first needed and then kept. */
  #prepare(text: string): StatementSync {
    let statement = this.#prepared.get(text);
    if (statement === undefined) {
      statement = this.#database.prepare(text);
      this.#prepared.set(text, statement);
    }
    return statement;
  }
}
