import { z } from "zod";
import { isFinished, jobStatuses } from "../../job/job.ts";
import type { RemovableJob, RemoveAnswer } from "../../job/retention.ts";
import { upToLimit } from "./conditions.ts";
import type { Connection } from "./connection.ts";
import { checkedLimit } from "./limit.ts";
import { readRow, readRowIfAny, valueOf } from "./rows.ts";

const undelivered = "EXISTS (SELECT 1 FROM webhooks WHERE job_seq = jobs.seq AND state = 'pending')";

export const removalSql = {
  removable: `SELECT seq, id, completed_at FROM jobs INDEXED BY jobs_finished
    WHERE completed_at IS NOT NULL AND completed_at < :completedBefore AND NOT ${undelivered} ORDER BY completed_at, seq ${upToLimit}`,
  state: `SELECT seq, status, ${undelivered} AS undelivered FROM jobs WHERE id = :jobId`,
  // Events, outputs and all the rest go with it: their foreign keys cascade.
  remove: "DELETE FROM jobs WHERE seq = :seq",
  outputsOfJob: "SELECT sha256 AS file_id, size FROM outputs WHERE job_seq = :seq ORDER BY idx",
  inputsOfJob: "SELECT file_id, 0 AS size FROM input_files WHERE job_seq = :seq ORDER BY idx",
  asOutput: "SELECT 1 FROM outputs WHERE sha256 = :id LIMIT 1",
  asInput: "SELECT 1 FROM input_files WHERE file_id = :id LIMIT 1",
  storage: "SELECT sum(size) AS value FROM (SELECT max(size) AS size FROM outputs GROUP BY sha256)",
} as const;

const removableRow = z.object({ seq: z.number(), id: z.string(), completed_at: z.number() });
const stateRow = z.object({ seq: z.number(), status: z.enum(jobStatuses), undelivered: z.number() });
const fileRow = z.object({ file_id: z.string(), size: z.number() });

/** Of one answer: enough for a sweep's step, small enough not to hold others up. */
const maxRemovable = 1000;

export class Removal {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  list({ completedBefore, limit }: { readonly completedBefore: number; readonly limit: number }): readonly RemovableJob[] {
    const rows = this.#connection.all(removalSql.removable, { completedBefore, limit: checkedLimit(limit, maxRemovable) });
    return rows.map((row) => {
      const { seq, id, completed_at: completedAt } = readRow(removableRow, row);
      const sizes = this.#outputSizes(seq);
      return { jobId: id, completedAt, fileIds: this.#fileIds(seq), outputBytes: [...sizes.values()].reduce((sum, size) => sum + size, 0) };
    });
  }

  remove(jobId: string): RemoveAnswer {
    const job = readRowIfAny(stateRow, this.#connection.get(removalSql.state, { jobId }));
    if (job === null) return { outcome: "unknown" };
    if (!isFinished(job.status) || job.undelivered === 1) return { outcome: "kept" };
    const fileIds = this.#fileIds(job.seq);
    this.#connection.run(removalSql.remove, { seq: job.seq });
    return { outcome: "removed", unreferencedFiles: fileIds.filter((id) => !this.#isReferenced(id)) };
  }

  referenced(ids: readonly string[]): ReadonlySet<string> {
    return new Set(ids.filter((id) => this.#isReferenced(id)));
  }

  storage(): number {
    return valueOf(this.#connection.get(removalSql.storage)) ?? 0;
  }

  #isReferenced(id: string): boolean {
    return this.#connection.get(removalSql.asOutput, { id }) !== undefined || this.#connection.get(removalSql.asInput, { id }) !== undefined;
  }

  #fileIds(seq: number): readonly string[] {
    const inputs = this.#connection.all(removalSql.inputsOfJob, { seq }).map((row) => readRow(fileRow, row).file_id);
    return [...new Set([...this.#outputSizes(seq).keys(), ...inputs])];
  }

  #outputSizes(seq: number): ReadonlyMap<string, number> {
    return new Map(this.#connection.all(removalSql.outputsOfJob, { seq }).map((row) => readRow(fileRow, row)).map(({ file_id, size }) => [file_id, size]));
  }
}
