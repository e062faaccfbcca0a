import { randomUUID } from "node:crypto";
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import type { JobEvent } from "../../job/event.ts";
import type { ReadAllEvents, ReadEvents } from "../../job/event-log.ts";
import type { OwnedFile } from "../../job/file-owners.ts";
import type { Job, JobError, JobOutput, JobSummary, JobWarning, NewJob } from "../../job/job.ts";
import type {
  AverageExecution, CancelAnswer, Claim, ClaimedJob, Completion, CountClaimable, ExtendAnswer, FindIdempotent, Finish, Insert, InsertAnswer, JobStore, Lease, LeaseAnswer,
  ListJobs, ListOutputs, Page, ProgressRecord, QueueCounts, Release, RequestCancel,
} from "../../job/job-store.ts";
import type { RemovableJob, RemoveAnswer } from "../../job/retention.ts";
import type { ClaimedWebhook, DeliveryLog, RecordDelivery } from "../../job/webhook-outbox.ts";
import { acceptedJob } from "../../job/new-job.ts";
import { systemClock, type Clock } from "../../telemetry/clock.ts";
import { Claims } from "./claims.ts";
import { Connection } from "./connection.ts";
import { GroupCommit } from "./group-commit.ts";
import { lockDirectory, type DirectoryLock } from "./directory-lock.ts";
import { Endings } from "./endings.ts";
import { EventTable } from "./event-table.ts";
import { FileOwnerTable } from "./file-owner-table.ts";
import { IdempotencyTable } from "./idempotency-table.ts";
import { JobTable } from "./job-table.ts";
import { Leases } from "./leases.ts";
import { Orphans } from "./orphans.ts";
import { Queue } from "./queue.ts";
import { Removal } from "./removal.ts";
import { migrate } from "./schema.ts";
import { toStoreError } from "./sqlite-error.ts";
import { WebhookTable } from "./webhook-table.ts";
import { Withdrawals } from "./withdrawals.ts";

export interface SqliteStoreOptions {
  /** The database file. Its folder is the data directory: it is made when absent, and locked against a second gateway. */
  readonly path: string;
  /** Tells which leases have run out when a place in the queue is asked for or told. */
  readonly clock?: Pick<Clock, "now">;
  /** Tokens of leases and ids of messages: never the same twice. */
  readonly newToken?: () => string;
  /** The database stops growing at this size, with the error of a full disk. Pages are 4 KiB. For tests of that. */
  readonly maxPages?: number;
}

/**
 * Opens, or makes, the embedded job store.
 *
 * @throws {AppError} `storage_failed` when the directory cannot be written, is in use by another gateway, or holds
 * something that is not a database of ours
 */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<JobStore> {
  let lock: DirectoryLock | null = null;
  let connection: Connection | null = null;
  try {
    mkdirSync(dirname(options.path), { recursive: true });
    lock = lockDirectory(dirname(options.path));
    connection = new Connection(options.path);
    migrate(connection);
    if (options.maxPages !== undefined) connection.exec(`PRAGMA max_page_count = ${options.maxPages}`);
    return new SqliteStore(connection, lock, options.clock ?? systemClock, options.newToken ?? randomUUID);
  } catch (error) {
    connection?.close();
    lock?.release();
    throw toStoreError(error);
  }
}

/** Draws the transaction around each verb; the parts do the work. */
class SqliteStore implements JobStore {
  readonly #connection: Connection;
  readonly #commits: GroupCommit;
  readonly #lock: DirectoryLock;
  readonly #newToken: () => string;
  readonly #jobs: JobTable;
  readonly #events: EventTable;
  readonly #webhooks: WebhookTable;
  readonly #keys: IdempotencyTable;
  readonly #fileOwners: FileOwnerTable;
  readonly #queue: Queue;
  readonly #leases: Leases;
  readonly #claims: Claims;
  readonly #withdrawals: Withdrawals;
  readonly #removal: Removal;
  /** Jobs that entered the queue in the transaction under way, and are not waited for to be on the disk. */
  readonly #entering = new Set<string>();

  constructor(connection: Connection, lock: DirectoryLock, clock: Pick<Clock, "now">, newToken: () => string) {
    this.#connection = connection;
    this.#lock = lock;
    this.#newToken = newToken;
    this.#jobs = new JobTable(connection);
    this.#events = new EventTable(connection);
    this.#webhooks = new WebhookTable(connection, newToken);
    this.#keys = new IdempotencyTable(connection);
    this.#fileOwners = new FileOwnerTable(connection);
    const orphans = new Orphans(connection);
    this.#queue = new Queue({ connection, events: this.#events, orphans, clock });
    this.#commits = new GroupCommit(connection, () => this.#last());
    const endings = new Endings(connection, this.#events, this.#webhooks);
    this.#leases = new Leases({ connection, queue: this.#queue, orphans, events: this.#events, endings });
    this.#claims = new Claims({ connection, jobs: this.#jobs, queue: this.#queue, orphans, leases: this.#leases });
    this.#withdrawals = new Withdrawals(connection, this.#queue, endings);
    this.#removal = new Removal(connection);
  }

  async insert(job: NewJob, { maxQueued, maxQueuedOfOwner, idempotency, durability = "synced" }: Insert): Promise<InsertAnswer> {
    return this.#commits.write(durability, () => {
      const known = idempotency === undefined ? null : this.#keys.find({ owner: job.owner, key: idempotency.key, nowMs: job.createdAt });
      if (known !== null && known.fingerprint !== idempotency?.fingerprint) return { outcome: "conflict" };
      if (known !== null) return { outcome: "replayed", job: this.#jobs.bySeq(known.jobSeq) };
      const queued = this.#queue.length;
      if (queued >= maxQueued) return { outcome: "full", queued };
      const own = job.owner === null || maxQueuedOfOwner === undefined ? 0 : this.#queue.lengthOf(job.owner);
      if (maxQueuedOfOwner !== undefined && own >= maxQueuedOfOwner) return { outcome: "owner-full", queued: own };
      const seq = this.#queue.enter(job);
      if (idempotency !== undefined) this.#keys.add(seq, job, idempotency);
      if (durability === "soon") this.#entering.add(job.id);
      return { outcome: "inserted", job: acceptedJob(job) };
    });
  }

  async findIdempotent(params: FindIdempotent): Promise<{ readonly fingerprint: string; readonly job: Job } | null> {
    return this.#connection.read(() => {
      const known = this.#keys.find(params);
      return known === null ? null : { fingerprint: known.fingerprint, job: this.#jobs.bySeq(known.jobSeq) };
    });
  }

  async get(id: string): Promise<Job | null> {
    return this.#connection.read(() => this.#jobs.byId(id));
  }

  async getSummary(id: string): Promise<JobSummary | null> {
    return this.#connection.read(() => this.#jobs.summaryById(id));
  }

  async listJobs(query: ListJobs): Promise<Page<JobSummary>> {
    return this.#connection.read(() => this.#jobs.list(query));
  }

  async listOutputs(query: ListOutputs): Promise<Page<JobOutput & { readonly jobId: string }>> {
    return this.#connection.read(() => this.#jobs.listOutputs(query));
  }

  async counts(): Promise<QueueCounts> {
    return this.#connection.read(() => this.#jobs.counts());
  }

  async countQueued(): Promise<number> {
    return this.#connection.read(() => this.#queue.length);
  }

  async countWaiting({ owner }: { readonly owner: string }): Promise<number> {
    return this.#connection.read(() => this.#queue.lengthOf(owner));
  }

  async addFileOwner(params: OwnedFile): Promise<void> {
    await this.#commits.write("synced", () => this.#fileOwners.add(params));
  }

  async ownsFile(params: OwnedFile): Promise<boolean> {
    return this.#connection.read(() => this.#fileOwners.owns(params));
  }

  async forgetFileOwners(fileIds: readonly string[]): Promise<void> {
    if (fileIds.length > 0) await this.#commits.write("synced", () => this.#fileOwners.forget(fileIds));
  }

  async averageExecutionMs(params: AverageExecution): Promise<number | null> {
    return this.#connection.read(() => this.#jobs.averageExecutionMs(params));
  }

  async queuePosition(id: string): Promise<number | null> {
    return this.#connection.read(() => this.#queue.placeOf(id));
  }

  async queuePositions(ids: readonly string[]): Promise<ReadonlyMap<string, number>> {
    return this.#connection.read(() => this.#queue.placesOf(ids));
  }

  async claim(claim: Claim): Promise<ClaimedJob | null> {
    // A claim that is lost with the machine was never made: the job waits again. Its attempt must be there before it is sent,
    // unless the job itself would be gone with it: it entered in this transaction.
    return this.#commits.write(
      (claimed) => (claimed?.begun === true && !this.#entering.has(claimed.job.id) ? "synced" : "light"),
      () => this.#claims.take(claim, this.#newToken()),
    );
  }

  async countClaimable(params: CountClaimable): Promise<number> {
    return this.#connection.read(() => this.#claims.count(params));
  }

  async nextWake({ nowMs }: { readonly nowMs: number }): Promise<number | null> {
    return this.#connection.read(() => this.#queue.nextWake(nowMs));
  }

  async expireQueued({ nowMs }: { readonly nowMs: number }): Promise<readonly string[]> {
    // Asked for at each turn of the runner: mostly there is none.
    if (!this.#connection.read(() => this.#withdrawals.anyExpired(nowMs))) return [];
    return this.#commits.write("synced", () => this.#withdrawals.expire(nowMs));
  }

  async requestCancel(params: RequestCancel): Promise<CancelAnswer> {
    return this.#commits.write("synced", () => this.#withdrawals.requestCancel(params));
  }

  async extend(lease: Lease, { leaseMs, nowMs }: { readonly leaseMs: number; readonly nowMs: number }): Promise<ExtendAnswer> {
    return this.#commits.write("light", () => this.#leases.extend(lease, nowMs + leaseMs));
  }

  async beginAttempt(lease: Lease, { promptId, nowMs }: { readonly promptId: string; readonly nowMs: number }): Promise<LeaseAnswer> {
    return this.#commits.write("synced", () => this.#leases.beginAttempt(lease, promptId, nowMs));
  }

  async markRunning(lease: Lease, params: { readonly startedAt: number; readonly warnings: readonly JobWarning[] }): Promise<LeaseAnswer> {
    // The attempt that it belongs to is on the disk: who finds it asks ComfyUI whether it runs.
    return this.#commits.write("light", () => this.#leases.markRunning(lease, params.startedAt, params.warnings));
  }

  async record(lease: Lease, params: ProgressRecord): Promise<LeaseAnswer> {
    return this.#commits.write("light", () => this.#leases.record(lease, params));
  }

  async complete(lease: Lease, completion: Completion): Promise<LeaseAnswer> {
    return this.#commits.write("synced", () => this.#leases.complete(lease, completion));
  }

  async fail(lease: Lease, finish: Finish & { readonly error: JobError }): Promise<LeaseAnswer> {
    return this.#commits.write("synced", () => this.#leases.fail(lease, finish));
  }

  async cancel(lease: Lease, finish: Finish): Promise<LeaseAnswer> {
    return this.#commits.write("synced", () => this.#leases.cancel(lease, finish));
  }

  async release(lease: Lease, params: Release): Promise<LeaseAnswer> {
    return this.#commits.write("synced", () => this.#leases.release(lease, params));
  }

  async orphan({ exceptOwner }: { readonly exceptOwner: string }): Promise<number> {
    return this.#commits.write("synced", () => this.#leases.orphan(exceptOwner));
  }

  async readEvents(params: ReadEvents): Promise<readonly JobEvent[]> {
    return this.#connection.read(() => this.#events.ofJob(params));
  }

  async readAllEvents(params: ReadAllEvents): Promise<readonly JobEvent[]> {
    return this.#connection.read(() => this.#events.ofAll(params));
  }

  async lastEventSeq(): Promise<number> {
    return this.#connection.read(() => this.#events.lastSeq());
  }

  async claimWebhook({ nowMs, leaseMs }: { readonly nowMs: number; readonly leaseMs: number }): Promise<ClaimedWebhook | null> {
    if (!this.#connection.read(() => this.#webhooks.anyDue(nowMs))) return null;
    return this.#commits.write("synced", () => this.#webhooks.claim(nowMs, leaseMs));
  }

  async recordDelivery(params: RecordDelivery): Promise<"ok" | "lease-lost"> {
    return this.#commits.write("synced", () => this.#webhooks.record(params));
  }

  async listDeliveries(jobId: string): Promise<DeliveryLog | null> {
    return this.#connection.read(() => this.#webhooks.logOf(jobId));
  }

  async redeliver({ jobId, nowMs }: { readonly jobId: string; readonly nowMs: number }): Promise<"queued" | "no-webhook" | "not-finished" | "unknown"> {
    return this.#commits.write("synced", () => this.#webhooks.again(jobId, nowMs));
  }

  async nextWebhookDue(): Promise<number | null> {
    return this.#connection.read(() => this.#webhooks.nextDue());
  }

  async countPendingWebhooks(): Promise<number> {
    return this.#connection.read(() => this.#webhooks.countPending());
  }

  async listRemovable(params: { readonly completedBefore: number; readonly limit: number }): Promise<readonly RemovableJob[]> {
    return this.#connection.read(() => this.#removal.list(params));
  }

  async remove({ jobId }: { readonly jobId: string }): Promise<RemoveAnswer> {
    return this.#commits.write("synced", () => this.#removal.remove(jobId));
  }

  async referencedFiles(ids: readonly string[]): Promise<ReadonlySet<string>> {
    return this.#connection.read(() => this.#removal.referenced(ids));
  }

  async storageOfJobs(): Promise<number> {
    return this.#connection.read(() => this.#removal.storage());
  }

  async removeExpiredKeys(nowMs: number): Promise<number> {
    return this.#commits.write("synced", () => this.#keys.removeExpired(nowMs));
  }

  async ping(): Promise<void> {
    await this.#commits.write("synced", () => this.#connection.run("UPDATE pulse SET beats = beats + 1 WHERE id = 1"));
  }

  async sync(): Promise<void> {
    await this.#commits.write("synced", () => undefined);
  }

  async close(): Promise<void> {
    if (!this.#connection.isOpen) return;
    try {
      await this.#commits.flush();
      this.#connection.close();
    } catch (error) {
      throw toStoreError(error);
    } finally {
      this.#lock.release();
    }
  }

  /** At the end of each transaction. */
  #last(): void {
    this.#queue.tellPlaces();
    this.#entering.clear();
  }
}
