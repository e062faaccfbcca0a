import { randomUUID } from "node:crypto";
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { AppError } from "../../errors/app-error.ts";
import type { Job, JobError, JobOutput, JobProgress, JobSummary, JobWarning, NewJob } from "../../job/job.ts";
import type {
  Claim, ClaimedJob, Finish, JobStore, Lease, LeaseAnswer, ListJobs, ListOutputs, Page, QueueCounts,
} from "../../job/job-store.ts";
import { stringifyJson } from "../../json/exact.ts";
import { systemClock, type Clock } from "../../telemetry/clock.ts";
import { decodeCursor, encodeCursor } from "./cursor.ts";
import { lockDirectory, type DirectoryLock } from "./directory-lock.ts";
import * as rows from "./rows.ts";
import { migrate } from "./schema.ts";
import { toStoreError } from "./sqlite-error.ts";
import { Statements } from "./statements.ts";

export interface SqliteStoreOptions {
  /** The database file. Its folder is the data directory: it is made when absent, and locked against a second gateway. */
  readonly path: string;
  /** Tells which leases have run out when a place in the queue is asked for. */
  readonly clock?: Pick<Clock, "now">;
  /** Tokens of leases: never the same twice. */
  readonly newToken?: () => string;
  /** The database stops growing at this size, with the error of a full disk. Pages are 4 KiB. For tests of that. */
  readonly maxPages?: number;
}

/** Backups and the sqlite3 shell read while we write; a checkpoint of theirs may make a write wait this long. */
const busyTimeoutMs = 5_000;
/** What the write-ahead log keeps on disk after a checkpoint; a burst may make it larger for a while. */
const journalSizeLimitBytes = 64 * 1024 * 1024;
/** Of a page of a list: design.md's limit, so that one answer stays a few megabytes at most. */
const maxPageItems = 200;
/** Before the first: no seq is larger. */
const fromTheNewest = { seq: Number.MAX_SAFE_INTEGER, index: -1 };

/**
 * Opens, or makes, the embedded job store.
 *
 * @throws {AppError} `storage_failed` when the directory cannot be written, is in use by another gateway, or holds
 * something that is not a database of ours
 */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<JobStore> {
  let lock: DirectoryLock | null = null;
  let database: DatabaseSync | null = null;
  try {
    mkdirSync(dirname(options.path), { recursive: true });
    lock = lockDirectory(dirname(options.path));
    database = new DatabaseSync(options.path, { timeout: busyTimeoutMs, enableForeignKeyConstraints: true });
    database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = ${journalSizeLimitBytes}`);
    migrate(database);
    if (options.maxPages !== undefined) database.exec(`PRAGMA max_page_count = ${options.maxPages}`);
    return new SqliteStore(database, lock, options.clock ?? systemClock, options.newToken ?? randomUUID);
  } catch (error) {
    database?.close();
    lock?.release();
    throw toStoreError(error);
  }
}

class SqliteStore implements JobStore {
  readonly #database: DatabaseSync;
  readonly #lock: DirectoryLock;
  readonly #clock: Pick<Clock, "now">;
  readonly #newToken: () => string;
  readonly #statements: Statements;

  constructor(database: DatabaseSync, lock: DirectoryLock, clock: Pick<Clock, "now">, newToken: () => string) {
    this.#database = database;
    this.#lock = lock;
    this.#clock = clock;
    this.#newToken = newToken;
    this.#statements = new Statements(database);
  }

  async insert(job: NewJob): Promise<Job> {
    return this.#write(() => {
      if (this.#statements.get("seqById").get({ id: job.id }) !== undefined) {
        throw new AppError("internal", "There is a job with this id already.");
      }
      const { seq } = rows.readRow(rows.seqRow, this.#statements.get("insertJob").get(rows.jobParameters(job)));
      this.#statements.get("insertRequest").run(rows.requestParameters(seq, job));
      return this.#jobBySeq(seq);
    });
  }

  async get(id: string): Promise<Job | null> {
    return this.#read(() => {
      const row = this.#statements.get("jobById").get({ id });
      return row === undefined ? null : rows.readJob(row, this.#outputsOf);
    });
  }

  async listJobs(query: ListJobs): Promise<Page<JobSummary>> {
    return this.#read(() => {
      const limit = checkedLimit(query.limit);
      const { seq: before } = query.cursor === undefined ? fromTheNewest : decodeCursor("jobs", query.cursor);
      const parameters: Record<string, SQLInputValue> = { before, limit: limit + 1 };
      if (query.status !== undefined) parameters["status"] = query.status;
      if (query.workflow !== undefined) parameters["workflow"] = query.workflow;
      const statement = this.#statements.listJobs({ status: query.status !== undefined, workflow: query.workflow !== undefined });
      const found = statement.all(parameters).map((row) => rows.readSummary(row, this.#outputsOf));
      const page = found.slice(0, limit);
      const last = found.length > limit ? page.at(-1) : undefined;
      return { items: page.map(({ summary }) => summary), nextCursor: last === undefined ? null : encodeCursor("jobs", { seq: last.seq, index: 0 }) };
    });
  }

  async listOutputs(query: ListOutputs): Promise<Page<JobOutput & { readonly jobId: string }>> {
    return this.#read(() => {
      const limit = checkedLimit(query.limit);
      const after = query.cursor === undefined ? fromTheNewest : decodeCursor("outputs", query.cursor);
      const found = this.#outputRows(query.jobId, after, limit + 1).map(rows.readOutput);
      const page = found.slice(0, limit);
      const last = found.length > limit ? page.at(-1) : undefined;
      return { items: page.map(({ seq, ...output }) => ({ ...output, jobId: this.#idBySeq(seq) })), nextCursor: last === undefined ? null : encodeCursor("outputs", last) };
    });
  }

  async counts(): Promise<QueueCounts> {
    return this.#read(() => {
      const counted = this.#statements.get("counts").all().map((row) => rows.readRow(rows.statusCountRow, row));
      const of = (status: "queued" | "running"): number => counted.find((row) => row.status === status)?.count ?? 0;
      return { queued: of("queued"), running: of("running") };
    });
  }

  async queuePosition(id: string): Promise<number | null> {
    return this.#read(() => {
      const row = this.#statements.get("queuePlace").get({ id });
      if (row === undefined) return null;
      const { seq, urgency } = rows.readRow(rows.queuePlaceRow, row);
      const count = (name: "countOrphans" | "countMoreUrgent" | "countEarlier", parameters: Record<string, number>): number =>
        rows.readRow(rows.countRow, this.#statements.get(name).get(parameters)).count;
      return count("countOrphans", { nowMs: this.#clock.now() }) + count("countMoreUrgent", { urgency }) + count("countEarlier", { urgency, seq });
    });
  }

  async claim({ owner, leaseMs, nowMs }: Claim): Promise<ClaimedJob | null> {
    return this.#write(() => {
      const row = this.#statements.get("firstOrphan").get({ nowMs }) ?? this.#statements.get("firstWaiting").get();
      if (row === undefined) return null;
      const { seq } = rows.readRow(rows.seqRow, row);
      const token = this.#newToken();
      this.#statements.get("lease").run({ seq, owner, token, until: nowMs + leaseMs });
      const job = this.#jobBySeq(seq);
      return { job, lease: { jobId: job.id, token } };
    });
  }

  async extend(lease: Lease, params: { readonly leaseMs: number; readonly nowMs: number }): Promise<LeaseAnswer> {
    return this.#lightWrite(() => this.#update("extend", lease, { until: params.nowMs + params.leaseMs }));
  }

  async beginAttempt(lease: Lease, params: { readonly promptId: string }): Promise<LeaseAnswer> {
    return this.#write(() => this.#update("beginAttempt", lease, { promptId: params.promptId }));
  }

  async markRunning(lease: Lease, params: { readonly startedAt: number; readonly warnings: readonly JobWarning[] }): Promise<LeaseAnswer> {
    return this.#write(() => {
      const answer = this.#update("markRunning", lease, { startedAt: params.startedAt, warnings: stringifyJson(params.warnings) });
      if (answer === "ok") return answer;
      return this.#statements.get("holds").get({ jobId: lease.jobId, token: lease.token }) === undefined ? "lease-lost" : "ok";
    });
  }

  async saveProgress(lease: Lease, params: { readonly progress: JobProgress; readonly cachedNodes: number | null }): Promise<LeaseAnswer> {
    return this.#lightWrite(() =>
      this.#update("saveProgress", lease, { progress: stringifyJson(params.progress), cachedNodes: params.cachedNodes }),
    );
  }

  async complete(lease: Lease, params: Finish): Promise<LeaseAnswer> {
    return this.#write(() => this.#finish("complete", lease, params, null));
  }

  async fail(lease: Lease, params: Finish & { readonly error: JobError }): Promise<LeaseAnswer> {
    return this.#write(() => this.#finish("fail", lease, params, params.error));
  }

  async release(lease: Lease, params: { readonly attemptMade: boolean }): Promise<LeaseAnswer> {
    return this.#write(() => this.#update("release", lease, { takeBack: params.attemptMade ? 0 : 1 }));
  }

  async orphan(params: { readonly exceptOwner: string }): Promise<number> {
    return this.#write(() => Number(this.#statements.get("orphan").run({ exceptOwner: params.exceptOwner }).changes));
  }

  async ping(): Promise<void> {
    this.#write(() => this.#statements.get("beat").run());
  }

  async close(): Promise<void> {
    if (!this.#database.isOpen) return;
    try {
      this.#database.close();
    } catch (error) {
      throw toStoreError(error);
    } finally {
      this.#lock.release();
    }
  }

  #finish(statement: "complete" | "fail", lease: Lease, finish: Finish, error: JobError | null): LeaseAnswer {
    const row = this.#statements.get(statement).get({
      jobId: lease.jobId,
      token: lease.token,
      completedAt: finish.completedAt,
      warnings: stringifyJson(finish.warnings),
      error: error === null ? null : stringifyJson(error),
      cachedNodes: finish.cachedNodes,
    });
    if (row === undefined) return "lease-lost";
    const { seq } = rows.readRow(rows.seqRow, row);
    for (const output of finish.outputs) this.#statements.get("insertOutput").run(rows.outputParameters(seq, output));
    return "ok";
  }

  #update(
    statement: "extend" | "beginAttempt" | "markRunning" | "saveProgress" | "release",
    lease: Lease,
    parameters: Record<string, SQLInputValue>,
  ): LeaseAnswer {
    const { changes } = this.#statements.get(statement).run({ jobId: lease.jobId, token: lease.token, ...parameters });
    return Number(changes) === 1 ? "ok" : "lease-lost";
  }

  #jobBySeq(seq: number): Job {
    return rows.readJob(this.#statements.get("jobBySeq").get({ seq }), this.#outputsOf);
  }

  #idBySeq(seq: number): string {
    return rows.readRow(rows.idRow, this.#statements.get("idBySeq").get({ seq })).id;
  }

  readonly #outputsOf = (seq: number): readonly JobOutput[] =>
    this.#statements.get("outputsOfJob").all({ seq }).map((row) => {
      const { seq: _ofThisJob, ...output } = rows.readOutput(row);
      return output;
    });

  #outputRows(jobId: string | undefined, after: { readonly seq: number; readonly index: number }, limit: number): readonly unknown[] {
    if (jobId === undefined) return this.#statements.get("outputsAfter").all({ ...after, limit });
    const row = this.#statements.get("seqById").get({ id: jobId });
    if (row === undefined) return [];
    const { seq } = rows.readRow(rows.seqRow, row);
    // A cursor of a longer list may stand at another job: everything of an older one is still to come.
    if (seq > after.seq) return [];
    return this.#statements.get("outputsOfJobAfter").all({ seq, index: seq < after.seq ? -1 : after.index, limit });
  }

  #read<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      throw toStoreError(error);
    }
  }

  /** One transaction, on the disk when it returns; nothing is written when it throws. */
  #write<T>(write: () => T): T {
    try {
      this.#database.exec("BEGIN IMMEDIATE");
      try {
        const result = write();
        this.#database.exec("COMMIT");
        return result;
      } catch (error) {
        // SQLite has already rolled back after some errors, a full disk among them.
        if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
        throw error;
      }
    } catch (error) {
      throw toStoreError(error);
    }
  }

  /**
   * As `#write`, but handed to the operating system only: it outlives the process, and reaches the disk with the next
   * `#write`. For what comes several times a second and may be lost with the machine.
   */
  #lightWrite<T>(write: () => T): T {
    return this.#read(() => {
      this.#database.exec("PRAGMA synchronous = NORMAL");
      try {
        return this.#write(write);
      } finally {
        this.#database.exec("PRAGMA synchronous = FULL");
      }
    });
  }
}

/** @throws {AppError} `invalid_query` */
function checkedLimit(limit: number): number {
  if (Number.isInteger(limit) && limit >= 1 && limit <= maxPageItems) return limit;
  throw new AppError("invalid_query", `limit must be a whole number from 1 to ${maxPageItems}.`, {
    errors: [{ pointer: "/limit", message: `a whole number from 1 to ${maxPageItems}` }],
  });
}
