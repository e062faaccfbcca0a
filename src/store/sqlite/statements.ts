import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { JobStatus } from "../../job/job.ts";
import { sourcesOf } from "../../job/transitions.ts";
import { jobColumns, outputColumns, summaryColumns } from "./rows.ts";

/** Which filters a list of jobs has. */
export interface JobFilter {
  readonly status: boolean;
  readonly workflow: boolean;
}

function among(statuses: readonly JobStatus[]): string {
  return `(${statuses.map((status) => `'${status}'`).join(", ")})`;
}

const unfinished = among(["queued", "running"]);
const held = `id = :jobId AND lease_token = :token`;
const endLease = "lease_owner = NULL, lease_token = NULL, lease_until = NULL";
const orphaned = "lease_until IS NOT NULL AND lease_until <= :nowMs";
const waiting = "status = 'queued' AND lease_until IS NULL";
// Without statistics SQLite takes other indexes for just as good, and would sort the whole queue at each claim.
const amongWaiting = `jobs INDEXED BY jobs_waiting WHERE ${waiting}`;
const amongOrphans = `jobs INDEXED BY jobs_leased WHERE ${orphaned}`;

function finishWith(status: "completed" | "failed"): string {
  return `UPDATE jobs SET status = '${status}', completed_at = :completedAt, warnings = :warnings, error = :error, cached_nodes = :cachedNodes, ${endLease}
    WHERE ${held} AND status IN ${among(sourcesOf(status))} RETURNING seq`;
}

/** Every statement of the store, as text, so that a test can ask SQLite how it would run each. */
export const sql = {
  insertJob: "INSERT INTO jobs (id, workflow, urgency, created_at) VALUES (:id, :workflow, :urgency, :createdAt) RETURNING seq",
  insertRequest: "INSERT INTO job_requests (job_seq, inputs, files, origins, graph) VALUES (:seq, :inputs, :files, :origins, :graph)",
  jobById: `SELECT ${jobColumns} FROM jobs JOIN job_requests ON job_seq = jobs.seq WHERE id = :id`,
  jobBySeq: `SELECT ${jobColumns} FROM jobs JOIN job_requests ON job_seq = jobs.seq WHERE jobs.seq = :seq`,
  idBySeq: "SELECT id FROM jobs WHERE seq = :seq",
  seqById: "SELECT seq FROM jobs WHERE id = :id",

  outputsOfJob: `SELECT ${outputColumns} FROM outputs WHERE job_seq = :seq ORDER BY idx`,
  /** :seq and :index of the last output seen; the first page begins before every output. */
  outputsAfter: `SELECT ${outputColumns} FROM outputs WHERE job_seq <= :seq AND (job_seq < :seq OR idx > :index) ORDER BY job_seq DESC, idx LIMIT :limit`,
  outputsOfJobAfter: `SELECT ${outputColumns} FROM outputs WHERE job_seq = :seq AND idx > :index ORDER BY idx LIMIT :limit`,
  insertOutput: `INSERT INTO outputs (${outputColumns}) VALUES (:seq, :index, :nodeId, :kind, :filename, :contentType, :size, :sha256, :text)`,

  counts: `SELECT status, COUNT(*) AS count FROM jobs WHERE status IN ${unfinished} GROUP BY status`,
  queuePlace: `SELECT seq, urgency FROM jobs WHERE id = :id AND ${waiting}`,
  countOrphans: `SELECT COUNT(*) AS count FROM ${amongOrphans}`,
  countMoreUrgent: `SELECT COUNT(*) AS count FROM ${amongWaiting} AND urgency < :urgency`,
  countEarlier: `SELECT COUNT(*) AS count FROM ${amongWaiting} AND urgency = :urgency AND seq < :seq`,

  firstOrphan: `SELECT seq FROM ${amongOrphans} ORDER BY urgency, seq LIMIT 1`,
  firstWaiting: `SELECT seq FROM ${amongWaiting} ORDER BY urgency, seq LIMIT 1`,
  lease: "UPDATE jobs SET lease_owner = :owner, lease_token = :token, lease_until = :until WHERE seq = :seq",
  extend: `UPDATE jobs SET lease_until = :until WHERE ${held} AND status IN ${unfinished}`,
  beginAttempt: `UPDATE jobs SET prompt_id = :promptId, attempt = attempt + 1 WHERE ${held} AND status IN ${unfinished}`,
  markRunning: `UPDATE jobs SET status = 'running', started_at = :startedAt, warnings = :warnings WHERE ${held} AND status IN ${among(sourcesOf("running"))}`,
  holds: `SELECT seq FROM jobs WHERE ${held} AND status IN ${unfinished}`,
  saveProgress: `UPDATE jobs SET progress = :progress, cached_nodes = :cachedNodes WHERE ${held} AND status IN ${unfinished}`,
  complete: finishWith("completed"),
  fail: finishWith("failed"),
  // A job that was claimed and never ran is queued already: it has only a lease to give back.
  release: `UPDATE jobs SET status = 'queued', attempt = attempt - (:takeBack AND prompt_id IS NOT NULL), prompt_id = NULL, started_at = NULL,
    progress = NULL, warnings = '[]', cached_nodes = NULL, ${endLease} WHERE ${held} AND status IN ${among(["queued", ...sourcesOf("queued")])}`,
  // It stays leased, until the beginning of time and by a token nobody has: that is what an orphan is.
  orphan: `UPDATE jobs SET lease_owner = NULL, lease_token = NULL, lease_until = 0
    WHERE lease_until IS NOT NULL AND lease_owner IS NOT NULL AND lease_owner <> :exceptOwner`,

  beat: "UPDATE pulse SET beats = beats + 1 WHERE id = 1",
} as const;

type StatementName = keyof typeof sql;

/** One list for each set of filters, so that each finds its index. */
export function listJobsSql(filter: JobFilter): string {
  const conditions = ["jobs.seq < :before", ...(filter.workflow ? ["workflow = :workflow"] : []), ...(filter.status ? ["status = :status"] : [])];
  return `SELECT ${summaryColumns} FROM jobs JOIN job_requests ON job_seq = jobs.seq WHERE ${conditions.join(" AND ")} ORDER BY jobs.seq DESC LIMIT :limit`;
}

/** The statements of one connection, each prepared when it is first needed and then kept. */
export class Statements {
  readonly #database: DatabaseSync;
  readonly #prepared = new Map<string, StatementSync>();

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  get(name: StatementName): StatementSync {
    return this.#prepare(sql[name]);
  }

  listJobs(filter: JobFilter): StatementSync {
    return this.#prepare(listJobsSql(filter));
  }

  #prepare(text: string): StatementSync {
    let statement = this.#prepared.get(text);
    if (statement === undefined) {
      statement = this.#database.prepare(text);
      this.#prepared.set(text, statement);
    }
    return statement;
  }
}
