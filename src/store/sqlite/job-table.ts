import type { SQLInputValue } from "node:sqlite";
import { z } from "zod";
import { jobStatuses, type Job, type JobOutput, type JobSummary } from "../../job/job.ts";
import type { AverageExecution, ListJobs, ListOutputs, Page, QueueCounts } from "../../job/job-store.ts";
import { unfinished, upToLimit } from "./conditions.ts";
import type { Connection } from "./connection.ts";
import { decodeCursor, encodeCursor } from "./cursor.ts";
import { jobColumns, outputColumns, readJob, readOutput, readSummary, summaryColumns, type PartsOfJob, type StoredJob } from "./job-rows.ts";
import { checkedLimit } from "./limit.ts";
import { countOf, idRow, readRow, seqOf } from "./rows.ts";

export const jobSql = {
  byId: `SELECT ${jobColumns} FROM jobs JOIN job_requests ON job_seq = jobs.seq WHERE id = :id`,
  summaryById: `SELECT ${summaryColumns} FROM jobs JOIN job_requests ON job_seq = jobs.seq WHERE id = :id`,
  bySeq: `SELECT ${jobColumns} FROM jobs JOIN job_requests ON job_seq = jobs.seq WHERE jobs.seq = :seq`,
  idBySeq: "SELECT id FROM jobs WHERE seq = :seq",
  seqById: "SELECT seq FROM jobs WHERE id = :id",

  filesOfJob: "SELECT file_id, name FROM input_files WHERE job_seq = :seq ORDER BY idx",
  attemptsOfJob: "SELECT number, prompt_id, begun_at, started_at, ended_at, error_code, error_detail FROM attempts WHERE job_seq = :seq ORDER BY number",
  outputsOfJob: `SELECT ${outputColumns} FROM outputs WHERE job_seq = :seq ORDER BY idx`,
  /** :seq and :index of the last output seen; the first page begins before every output. */
  outputsAfter: `SELECT ${outputColumns} FROM outputs WHERE job_seq <= :seq AND (job_seq < :seq OR idx > :index) ORDER BY job_seq DESC, idx ${upToLimit}`,
  outputsOfOwnerAfter: `SELECT ${outputColumns} FROM outputs CROSS JOIN jobs ON jobs.seq = job_seq
    WHERE owner = :owner AND job_seq <= :seq AND (job_seq < :seq OR idx > :index) ORDER BY job_seq DESC, idx ${upToLimit}`,
  isOfOwner: "SELECT seq FROM jobs WHERE seq = :seq AND owner = :owner",
  outputsOfJobAfter: `SELECT ${outputColumns} FROM outputs WHERE job_seq = :seq AND idx > :index ORDER BY idx ${upToLimit}`,

  countByStatus: `SELECT status, COUNT(*) AS count FROM jobs WHERE status IN ${unfinished} GROUP BY status`,
  countClaimed: "SELECT COUNT(*) AS count FROM jobs INDEXED BY jobs_leased WHERE lease_until IS NOT NULL AND status = 'queued'",
  runsOfAll: `SELECT completed_at - started_at AS ms FROM jobs WHERE status = 'completed' AND started_at IS NOT NULL ORDER BY seq DESC ${upToLimit}`,
  runsOfWorkflow: `SELECT completed_at - started_at AS ms FROM jobs
    WHERE status = 'completed' AND workflow IS :workflow AND started_at IS NOT NULL ORDER BY seq DESC ${upToLimit}`,
} as const;

/** Which filters a list of jobs has. */
export interface JobFilter {
  readonly owner: boolean;
  readonly status: boolean;
  readonly workflow: boolean;
}

/** One list for each set of filters, so that each finds its index. */
export function listJobsSql(filter: JobFilter): string {
  const conditions = [
    "jobs.seq < :before",
    ...(filter.owner ? ["owner = :owner"] : []),
    ...(filter.workflow ? ["workflow = :workflow"] : []),
    ...(filter.status ? ["status = :status"] : []),
  ];
  return `SELECT ${summaryColumns} FROM jobs JOIN job_requests ON job_seq = jobs.seq WHERE ${conditions.join(" AND ")} ORDER BY jobs.seq DESC ${upToLimit}`;
}

const statusCountRow = z.object({ status: z.enum(jobStatuses), count: z.number() });
const runRow = z.object({ ms: z.number() });

/** Of a page of a list: design.md's limit, so that one answer stays a few megabytes at most. */
const maxPageItems = 200;
/** Before the first: no seq is larger. */
const fromTheNewest = { seq: Number.MAX_SAFE_INTEGER, index: -1 };

/** Jobs as they are read. */
export class JobTable {
  readonly #connection: Connection;
  readonly #parts: PartsOfJob;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#parts = {
      attempts: (seq) => connection.all(jobSql.attemptsOfJob, { seq }),
      outputs: (seq) => connection.all(jobSql.outputsOfJob, { seq }),
      files: (seq) => connection.all(jobSql.filesOfJob, { seq }),
    };
  }

  byId(id: string): Job | null {
    const row = this.#connection.get(jobSql.byId, { id });
    return row === undefined ? null : this.read(row).job;
  }

  summaryById(id: string): JobSummary | null {
    const row = this.#connection.get(jobSql.summaryById, { id });
    return row === undefined ? null : readSummary(row, this.#parts).summary;
  }

  bySeq(seq: number): Job {
    return this.read(this.#connection.get(jobSql.bySeq, { seq })).job;
  }

  /** A row of {@link jobColumns}, with what belongs to it. */
  read(row: unknown): StoredJob {
    return readJob(row, this.#parts);
  }

  seqOf(id: string): number | null {
    return seqOf(this.#connection.get(jobSql.seqById, { id }));
  }

  list(query: ListJobs): Page<JobSummary> {
    const limit = checkedLimit(query.limit, maxPageItems);
    const { seq: before } = query.cursor === undefined ? fromTheNewest : decodeCursor("jobs", query.cursor);
    const parameters: Record<string, SQLInputValue> = { before, limit: limit + 1 };
    if (query.owner !== undefined) parameters["owner"] = query.owner;
    if (query.status !== undefined) parameters["status"] = query.status;
    if (query.workflow !== undefined) parameters["workflow"] = query.workflow;
    const text = listJobsSql({ owner: query.owner !== undefined, status: query.status !== undefined, workflow: query.workflow !== undefined });
    const found = this.#connection.all(text, parameters).map((row) => readSummary(row, this.#parts));
    const page = found.slice(0, limit);
    const last = found.length > limit ? page.at(-1) : undefined;
    return { items: page.map(({ summary }) => summary), nextCursor: last === undefined ? null : encodeCursor("jobs", { seq: last.seq, index: 0 }) };
  }

  listOutputs(query: ListOutputs): Page<JobOutput & { readonly jobId: string }> {
    const limit = checkedLimit(query.limit, maxPageItems);
    const after = query.cursor === undefined ? fromTheNewest : decodeCursor("outputs", query.cursor);
    const found = this.#outputRows(query, after, limit + 1).map(readOutput);
    const page = found.slice(0, limit);
    const last = found.length > limit ? page.at(-1) : undefined;
    return {
      items: page.map(({ seq, output }) => ({ ...output, jobId: this.#idOf(seq) })),
      nextCursor: last === undefined ? null : encodeCursor("outputs", { seq: last.seq, index: last.output.index }),
    };
  }

  counts(): QueueCounts {
    const counted = this.#connection.all(jobSql.countByStatus).map((row) => readRow(statusCountRow, row));
    const of = (status: "queued" | "running"): number => counted.find((row) => row.status === status)?.count ?? 0;
    return { queued: of("queued"), running: of("running"), claimed: countOf(this.#connection.get(jobSql.countClaimed)) };
  }

  averageExecutionMs({ workflow, lastRuns }: AverageExecution): number | null {
    const limit = checkedLimit(lastRuns, maxPageItems);
    const rows = workflow === undefined ? this.#connection.all(jobSql.runsOfAll, { limit }) : this.#connection.all(jobSql.runsOfWorkflow, { workflow, limit });
    // A clock that was set back between start and end makes a run seem to end before it began.
    const runs = rows.map((row) => Math.max(0, readRow(runRow, row).ms));
    return runs.length === 0 ? null : runs.reduce((sum, ms) => sum + ms, 0) / runs.length;
  }

  #idOf(seq: number): string {
    return readRow(idRow, this.#connection.get(jobSql.idBySeq, { seq })).id;
  }

  #outputRows({ jobId, owner }: ListOutputs, after: { readonly seq: number; readonly index: number }, limit: number): readonly unknown[] {
    if (jobId === undefined) {
      return owner === undefined ? this.#connection.all(jobSql.outputsAfter, { ...after, limit }) : this.#connection.all(jobSql.outputsOfOwnerAfter, { ...after, owner, limit });
    }
    const seq = this.seqOf(jobId);
    if (seq !== null && owner !== undefined && this.#connection.get(jobSql.isOfOwner, { seq, owner }) === undefined) return [];
    // A cursor of a longer list may stand at another job: everything of an older one is still to come.
    if (seq === null || seq > after.seq) return [];
    return this.#connection.all(jobSql.outputsOfJobAfter, { seq, index: seq < after.seq ? -1 : after.index, limit });
  }
}
