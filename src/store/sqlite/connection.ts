import { closeSync, fdatasync, fdatasyncSync, fsyncSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { promisify } from "node:util";
import { DiskPace } from "../../disk/disk-pace.ts";
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

interface Prepared {
  readonly statement: StatementSync;
  /** Of its parameters, in the order in which they are bound: by name node:sqlite takes twice as long. */
  readonly names: readonly string[];
}

function valuesOf({ names }: Prepared, parameters: Parameters): SQLInputValue[] {
  const values: SQLInputValue[] = [];
  for (const name of names) {
    const value = parameters[name];
    if (value === undefined) throw new Error(`a statement lacks its parameter ${name}`);
    values.push(value);
  }
  return values;
}

/** One connection to the job database: prepared statements and transactions. */
export class Connection {
  readonly #database: DatabaseSync;
  readonly #pace = new DiskPace();
  readonly #prepared = new Map<string, Prepared>();
  readonly #logPath: string;
  #undone = 0;
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

  /** Transactions that were rolled back so far: what was read within one of them may not be so any more. */
  get undone(): number {
    return this.#undone;
  }

  /** The first row, undefined when there is none. */
  get(text: string, parameters: Parameters = {}): unknown {
    const prepared = this.#prepare(text, parameters);
    return prepared.statement.get(...valuesOf(prepared, parameters));
  }

  all(text: string, parameters: Parameters = {}): readonly unknown[] {
    const prepared = this.#prepare(text, parameters);
    return prepared.statement.all(...valuesOf(prepared, parameters));
  }

  /** @returns how many rows changed */
  run(text: string, parameters: Parameters = {}): number {
    const prepared = this.#prepare(text, parameters);
    return Number(prepared.statement.run(...valuesOf(prepared, parameters)).changes);
  }

  /** Of a statement whose parameters have no names but places: `?`. */
  runOn(text: string, values: readonly SQLInputValue[]): void {
    this.#prepare(text, {}).statement.run(...values);
  }

  /** Of one row. @returns its number, null when it was not inserted for one that is there already */
  insert(text: string, parameters: Parameters): number | null {
    const prepared = this.#prepare(text, parameters);
    const { changes, lastInsertRowid } = prepared.statement.run(...valuesOf(prepared, parameters));
    return Number(changes) === 0 ? null : Number(lastInsertRowid);
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
      this.run("BEGIN IMMEDIATE");
      try {
        const result = write();
        this.run("COMMIT");
        return result;
      } catch (error) {
        this.#undone += 1;
        // SQLite has already rolled back after some errors, a full disk among them.
        if (this.#database.isTransaction) this.exec("ROLLBACK");
        throw error;
      }
    });
  }

  /**
   * Resolves when every transaction committed before is on the disk. It is what SQLite does at each commit with
   * `synchronous = FULL`, a sync of the write-ahead log, done beside the event loop unless the disk is quick.
   */
  async sync(): Promise<void> {
    try {
      const log = (this.#log ??= this.#openLog());
      await this.#pace.do(
        () => fdatasyncSync(log),
        () => syncFile(log),
      );
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
  #prepare(text: string, parameters: Parameters): Prepared {
    const known = this.#prepared.get(text);
    if (known !== undefined) return known;
    const names = [...new Set(text.match(/(?<=:)[a-z]\w*/gi))];
    const foreign = Object.keys(parameters).find((name) => !names.includes(name));
    if (foreign !== undefined) throw new Error(`a statement has no parameter ${foreign}`);
    const prepared = { statement: this.#database.prepare(text.replace(/:([a-z]\w*)/gi, (_, name: string) => `?${names.indexOf(name) + 1}`)), names };
    this.#prepared.set(text, prepared);
    return prepared;
  }
}
