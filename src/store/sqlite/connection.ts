import { closeSync, fdatasync, fsyncSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { promisify } from "node:util";
import { toStoreError } from "./sqlite-error.ts";

/** Backups and the sqlite3 shell read while we write; a checkpoint of theirs may make a write wait this long. */
const busyTimeoutMs = 5_000;
/** What the write-ahead log keeps on disk after a checkpoint; a burst may make it larger for a while. */
const journalSizeLimitBytes = 64 * 1024 * 1024;

/**
 * Pages of 4 KiB in the log before they are moved to the database, 16 MiB: the pages that every job changes are moved
 * once for some hundred jobs. It is also what a start after a crash has to read.
 */
const checkpointPages = 4096;

const syncFile = promisify(fdatasync);

type Parameters = Readonly<Record<string, SQLInputValue>>;

/** One connection to the job database: prepared statements and transactions. */
export class Connection {
  readonly #database: DatabaseSync;
  readonly #prepared = new Map<string, StatementSync>();
  readonly #logPath: string;
  #log: number | null = null;

  constructor(path: string) {
    this.#database = new DatabaseSync(path, { timeout: busyTimeoutMs, enableForeignKeyConstraints: true });
    this.#logPath = `${path}-wal`;
    try {
      // The log is synced by `sync`; with NORMAL, SQLite itself syncs it before it moves what it holds to the database.
      this.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA journal_size_limit = ${journalSizeLimitBytes}; PRAGMA wal_autocheckpoint = ${checkpointPages}`);
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

  /** One transaction, handed to the operating system; nothing is written when it throws. */
  write<T>(write: () => T): T {
    return this.read(() => {
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

  /**
   * Resolves when every transaction committed before is on the disk. It is what SQLite does at each commit with
   * `synchronous = FULL`, a sync of the write-ahead log, done beside the event loop.
   */
  async sync(): Promise<void> {
    try {
      await syncFile((this.#log ??= this.#openLog()));
    } catch (error) {
      throw toStoreError(error);
    }
  }

  close(): void {
    this.#prepared.clear();
    if (this.#log !== null) closeSync(this.#log);
    this.#log = null;
    this.#database.close();
  }

  /** The log itself is on the disk only when its folder is, which SQLite would see to at its first sync. */
  #openLog(): number {
    const folder = openSync(dirname(this.#logPath), "r");
    try {
      fsyncSync(folder);
    } finally {
      closeSync(folder);
    }
    return openSync(this.#logPath, "r+");
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
