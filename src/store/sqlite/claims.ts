import { z } from "zod";
import type { Job } from "../../job/job.ts";
import { longestDelayMs, type Claim, type ClaimedJob, type CountClaimable } from "../../job/job-store.ts";
import { amongOrphans, amongWaiting } from "./conditions.ts";
import type { Connection } from "./connection.ts";
import type { JobTable } from "./job-table.ts";
import type { Leases } from "./leases.ts";
import type { Queue } from "./queue.ts";
import { readRow, readRowIfAny, seqRow } from "./rows.ts";

const claimable = `${amongWaiting} AND (not_before IS NULL OR not_before <= :nowMs OR not_before > :nowMs + ${longestDelayMs})`;

export const claimSql = {
  firstOrphan: `SELECT seq FROM ${amongOrphans} ORDER BY urgency, seq LIMIT 1`,
  firstWaiting: `SELECT seq, virtual_time FROM ${claimable} ORDER BY rank, seq LIMIT 1`,
  firstWaitingOfOthers: `SELECT seq, virtual_time FROM ${claimable}
    AND (owner IS NULL OR owner NOT IN (SELECT value FROM json_each(:full))) ORDER BY rank, seq LIMIT 1`,
  someOrphans: `SELECT seq FROM ${amongOrphans} LIMIT :limit`,
  someWaiting: `SELECT seq FROM ${claimable} LIMIT :limit`,
  leasedOwners: "SELECT owner FROM jobs INDEXED BY jobs_leased WHERE lease_until IS NOT NULL AND owner IS NOT NULL",
  moveVirtualTime: "UPDATE queue_clock SET virtual_time = :virtualTime WHERE id = 1 AND virtual_time < :virtualTime",
  lease: "UPDATE jobs SET lease_owner = :owner, lease_token = :token, lease_until = :until, not_before = NULL, told_place = NULL WHERE seq = :seq",
} as const;

const ownerRow = z.object({ owner: z.string() });
const waitingRow = z.object({ seq: z.number(), virtual_time: z.number() });

/** Nothing of it is in ComfyUI, and nothing is to be done before it may be sent. */
function mayBegin({ promptId, files, cancelRequestedAt }: Job): boolean {
  return promptId === null && files.length === 0 && cancelRequestedAt === null;
}

interface ClaimsParams {
  readonly connection: Connection;
  readonly jobs: JobTable;
  readonly queue: Queue;
  readonly leases: Leases;
}

/** Whose turn it is. */
export class Claims {
  readonly #connection: Connection;
  readonly #jobs: JobTable;
  readonly #queue: Queue;
  readonly #leases: Leases;

  constructor({ connection, jobs, queue, leases }: ClaimsParams) {
    this.#connection = connection;
    this.#jobs = jobs;
    this.#queue = queue;
    this.#leases = leases;
  }

  count({ nowMs, limit }: CountClaimable): number {
    const orphans = this.#connection.all(claimSql.someOrphans, { nowMs, limit }).length;
    return orphans === limit ? limit : orphans + this.#connection.all(claimSql.someWaiting, { nowMs, limit: limit - orphans }).length;
  }

  /** Leases the job whose turn it is, by the given token. */
  take({ owner, leaseMs, nowMs, maxLeased = new Map(), begin }: Claim, token: string): ClaimedJob | null {
    const seq = this.#firstOrphan(nowMs) ?? this.#firstWaiting(nowMs, this.#fullOwners(maxLeased));
    if (seq === null) return null;
    this.#connection.run(claimSql.lease, { seq, owner, token, until: nowMs + leaseMs });
    this.#queue.moved(nowMs);
    const job = this.#jobs.bySeq(seq);
    const lease = { jobId: job.id, token };
    if (begin === undefined || !mayBegin(job)) return { job, lease, begun: false };
    const attempt = { number: job.attempt + 1, promptId: begin.newPromptId(), begunAt: nowMs };
    this.#leases.begin(seq, attempt);
    const begun = { ...job, attempt: attempt.number, promptId: attempt.promptId, attempts: [...job.attempts, { ...attempt, startedAt: null, endedAt: null, error: null }] };
    return { job: begun, lease, begun: true };
  }

  #firstOrphan(nowMs: number): number | null {
    return readRowIfAny(seqRow, this.#connection.get(claimSql.firstOrphan, { nowMs }))?.seq ?? null;
  }

  /** Those with as many leased jobs as they may have. */
  #fullOwners(maxLeased: ReadonlyMap<string, number>): readonly string[] {
    if (maxLeased.size === 0) return [];
    const leased = this.#connection.all(claimSql.leasedOwners).map((row) => readRow(ownerRow, row).owner);
    const counted = Map.groupBy(leased, (owner) => owner);
    return [...counted].filter(([owner, same]) => same.length >= (maxLeased.get(owner) ?? Number.POSITIVE_INFINITY)).map(([owner]) => owner);
  }

  #firstWaiting(nowMs: number, full: readonly string[]): number | null {
    const found =
      full.length === 0 ? this.#connection.get(claimSql.firstWaiting, { nowMs }) : this.#connection.get(claimSql.firstWaitingOfOthers, { nowMs, full: JSON.stringify(full) });
    const row = readRowIfAny(waitingRow, found);
    if (row === null) return null;
    this.#connection.run(claimSql.moveVirtualTime, { virtualTime: row.virtual_time });
    return row.seq;
  }
}
