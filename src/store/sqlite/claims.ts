import type { Job } from "../../job/job.ts";
import { acceptedJob } from "../../job/new-job.ts";
import { longestDelayMs, type Claim, type ClaimedJob, type CountClaimable } from "../../job/job-store.ts";
import { amongWaiting, upToLimit, waiting } from "./conditions.ts";
import type { Connection } from "./connection.ts";
import { jobColumns, type StoredJob } from "./job-rows.ts";
import type { JobTable } from "./job-table.ts";
import type { Leases } from "./leases.ts";
import type { Orphans } from "./orphans.ts";
import type { Queue } from "./queue.ts";
import { columnsOf, numberIn, textIn } from "./rows.ts";

const isDue = `(not_before IS NULL OR not_before <= :nowMs OR not_before > :nowMs + ${longestDelayMs})`;
// CROSS JOIN: the queue first, in its order.
const firstDue = `SELECT ${jobColumns}, virtual_time FROM jobs INDEXED BY jobs_waiting CROSS JOIN job_requests ON job_seq = jobs.seq WHERE ${waiting} AND ${isDue}`;

export const claimSql = {
  firstWaiting: `${firstDue} ORDER BY rank, jobs.seq LIMIT 1`,
  firstWaitingOfOthers: `${firstDue} AND (owner IS NULL OR owner NOT IN (SELECT value FROM json_each(:full))) ORDER BY rank, jobs.seq LIMIT 1`,
  someWaiting: `SELECT seq FROM ${amongWaiting} AND ${isDue} ${upToLimit}`,
  leasedOwners: "SELECT owner FROM jobs INDEXED BY jobs_leased WHERE lease_until IS NOT NULL AND owner IS NOT NULL",
  moveVirtualTime: "UPDATE queue_clock SET virtual_time = :virtualTime WHERE id = 1 AND virtual_time < :virtualTime",
  lease: `UPDATE jobs SET lease_owner = :owner, lease_token = :token, lease_until = :until, not_before = NULL, told_place = NULL,
    prompt_id = :promptId, attempt = :attempt WHERE seq = :seq`,
} as const;

/** Nothing of it is in ComfyUI, and nothing is to be done before it may be sent. */
function mayBegin({ promptId, files, cancelRequestedAt }: Job): boolean {
  return promptId === null && files.length === 0 && cancelRequestedAt === null;
}

interface ClaimsParams {
  readonly connection: Connection;
  readonly jobs: JobTable;
  readonly queue: Queue;
  readonly orphans: Orphans;
  readonly leases: Leases;
}

/** Whose turn it is. */
export class Claims {
  readonly #connection: Connection;
  readonly #jobs: JobTable;
  readonly #queue: Queue;
  readonly #orphans: Orphans;
  readonly #leases: Leases;

  constructor({ connection, jobs, queue, orphans, leases }: ClaimsParams) {
    this.#connection = connection;
    this.#jobs = jobs;
    this.#queue = queue;
    this.#orphans = orphans;
    this.#leases = leases;
  }

  count({ nowMs, limit }: CountClaimable): number {
    const orphans = this.#orphans.countSome(nowMs, limit);
    return orphans === limit ? limit : orphans + this.#connection.all(claimSql.someWaiting, { nowMs, limit: limit - orphans }).length;
  }

  /** Leases the job whose turn it is, by the given token. */
  take({ owner, leaseMs, nowMs, maxLeased = new Map(), begin }: Claim, token: string): ClaimedJob | null {
    const found = this.#firstOrphan(nowMs) ?? this.#firstWaiting(nowMs, this.#fullOwners(maxLeased));
    if (found === null) return null;
    const { seq, job } = found;
    const attempt = begin !== undefined && mayBegin(job) ? { number: job.attempt + 1, promptId: begin.newPromptId(), begunAt: nowMs } : null;
    const until = nowMs + leaseMs;
    this.#connection.run(claimSql.lease, { seq, owner, token, until, promptId: attempt?.promptId ?? job.promptId, attempt: attempt?.number ?? job.attempt });
    this.#orphans.leasedUntil(until);
    this.#queue.moved(nowMs);
    const lease = { jobId: job.id, token };
    if (attempt === null) return { job: { ...job, notBefore: null }, lease, begun: false };
    this.#leases.logAttempt(seq, attempt);
    const attempts = [...job.attempts, { ...attempt, startedAt: null, endedAt: null, error: null }];
    return { job: { ...job, notBefore: null, attempt: attempt.number, promptId: attempt.promptId, attempts }, lease, begun: true };
  }

  #firstOrphan(nowMs: number): StoredJob | null {
    const seq = this.#orphans.first(nowMs);
    return seq === null ? null : { seq, job: this.#jobs.bySeq(seq) };
  }

  /** Those with as many leased jobs as they may have. */
  #fullOwners(maxLeased: ReadonlyMap<string, number>): readonly string[] {
    if (maxLeased.size === 0) return [];
    const leased = this.#connection.all(claimSql.leasedOwners).map((row) => textIn(columnsOf(row), "owner"));
    const counted = Map.groupBy(leased, (owner) => owner);
    return [...counted].filter(([owner, same]) => same.length >= (maxLeased.get(owner) ?? Number.POSITIVE_INFINITY)).map(([owner]) => owner);
  }

  #firstWaiting(nowMs: number, full: readonly string[]): StoredJob | null {
    const { entered } = this.#queue;
    if (entered !== null && (entered.job.owner === null || !full.includes(entered.job.owner))) {
      this.#connection.run(claimSql.moveVirtualTime, { virtualTime: entered.virtualTime });
      return { seq: entered.seq, job: acceptedJob(entered.job) };
    }
    const row =
      full.length === 0 ? this.#connection.get(claimSql.firstWaiting, { nowMs }) : this.#connection.get(claimSql.firstWaitingOfOthers, { nowMs, full: JSON.stringify(full) });
    if (row === undefined) return null;
    this.#connection.run(claimSql.moveVirtualTime, { virtualTime: numberIn(columnsOf(row), "virtual_time") });
    return this.#jobs.read(row);
  }
}
