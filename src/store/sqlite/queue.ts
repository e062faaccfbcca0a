import { z } from "zod";
import { eventData } from "../../job/event-data.ts";
import type { NewJob } from "../../job/job.ts";
import { rankOf } from "../../job/queue-order.ts";
import { stringifyJson } from "../../json/exact.ts";
import type { Clock } from "../../telemetry/clock.ts";
import { amongOrphans, amongWaiting, waiting } from "./conditions.ts";
import type { Connection } from "./connection.ts";
import type { EventTable } from "./event-table.ts";
import { urgencyOf } from "./job-rows.ts";
import { countRow, readRow, readRowIfAny, seqRow, valueRow } from "./rows.ts";

/** So many places are told as they change: see JobStore. */
const toldPlaces = 10;

export const queueSql = {
  virtualTime: "SELECT virtual_time AS value FROM queue_clock WHERE id = 1",
  flowTail: `SELECT max(virtual_time) AS value FROM jobs INDEXED BY jobs_waiting_by_flow WHERE ${waiting} AND owner IS :owner AND urgency = :urgency`,
  insertJob: `INSERT INTO jobs (id, owner, workflow, urgency, virtual_time, rank, created_at, start_timeout_ms, start_deadline, run_timeout_ms, webhook_url)
    VALUES (:id, :owner, :workflow, :urgency, :virtualTime, :rank, :createdAt, :startTimeoutMs, :createdAt + :startTimeoutMs, :runTimeoutMs, :webhookUrl)
    RETURNING seq`,
  insertRequest: "INSERT INTO job_requests (job_seq, inputs, origins, graph) VALUES (:seq, :inputs, :origins, :graph)",
  insertFile: "INSERT INTO input_files (job_seq, idx, file_id, name) VALUES (:seq, :idx, :fileId, :name)",
  countOfOwner: `SELECT COUNT(*) AS count FROM jobs INDEXED BY jobs_waiting_by_flow WHERE ${waiting} AND owner = :owner`,
  countQueued: "SELECT COUNT(*) AS count FROM jobs WHERE status = 'queued'",

  rank: `SELECT seq, rank FROM jobs WHERE id = :id AND ${waiting}`,
  countOrphans: `SELECT COUNT(*) AS count FROM ${amongOrphans}`,
  countAhead: `SELECT COUNT(*) AS count FROM ${amongWaiting} AND (rank, seq) < (:rank, :seq)`,
  countBetween: `SELECT COUNT(*) AS count FROM ${amongWaiting} AND (rank, seq) >= (:fromRank, :fromSeq) AND (rank, seq) < (:rank, :seq)`,
  first: `SELECT seq, told_place FROM ${amongWaiting} ORDER BY rank, seq LIMIT ${toldPlaces}`,
  tellPlace: "UPDATE jobs SET told_place = :place WHERE seq = :seq",

  nextRetry: `SELECT min(not_before) AS value FROM jobs INDEXED BY jobs_delayed WHERE ${waiting} AND not_before IS NOT NULL AND not_before > :nowMs`,
  nextDeadline: `SELECT min(start_deadline) AS value FROM jobs INDEXED BY jobs_to_start WHERE ${waiting} AND start_deadline IS NOT NULL`,
} as const;

const rankRow = z.object({ seq: z.number(), rank: z.number() });
const placeRow = z.object({ seq: z.number(), told_place: z.number().nullable() });

/** The jobs that wait, and their places. */
export class Queue {
  readonly #connection: Connection;
  readonly #events: EventTable;
  readonly #clock: Pick<Clock, "now">;
  #movedAt: number | null = null;

  constructor(connection: Connection, events: EventTable, clock: Pick<Clock, "now">) {
    this.#connection = connection;
    this.#events = events;
    this.#clock = clock;
  }

  get length(): number {
    return this.#count(queueSql.countQueued);
  }

  /** Unclaimed jobs of the owner. */
  lengthOf(owner: string): number {
    return readRow(countRow, this.#connection.get(queueSql.countOfOwner, { owner })).count;
  }

  /** @returns its seq */
  enter(job: NewJob): number {
    const { id, owner, workflow, priority, createdAt, startTimeoutMs, runTimeoutMs, webhookUrl } = job;
    const urgency = urgencyOf(priority);
    const tail = readRow(valueRow, this.#connection.get(queueSql.flowTail, { owner, urgency })).value;
    const now = readRow(valueRow, this.#connection.get(queueSql.virtualTime)).value ?? 0;
    const { virtualTime, rank } = rankOf(priority, now, tail);
    const { seq } = readRow(
      seqRow,
      this.#connection.get(queueSql.insertJob, { id, owner, workflow, urgency, virtualTime, rank, createdAt, startTimeoutMs, runTimeoutMs, webhookUrl }),
    );
    this.#connection.run(queueSql.insertRequest, {
      seq,
      inputs: stringifyJson(job.inputs),
      origins: stringifyJson(job.origins),
      graph: stringifyJson(job.graph),
    });
    for (const [idx, file] of job.files.entries()) this.#connection.run(queueSql.insertFile, { seq, idx, fileId: file.fileId, name: file.name });
    this.#tellPlace(seq, "queued", this.#countOrphans() + this.#countAhead({ seq, rank }), createdAt);
    return seq;
  }

  /** Tells that a job is back at its place. */
  tellReturn(jobId: string, at: number): void {
    const row = readRowIfAny(rankRow, this.#connection.get(queueSql.rank, { id: jobId }));
    if (row !== null) this.#tellPlace(row.seq, "queued", this.#countOrphans() + this.#countAhead(row), at);
  }

  placeOf(jobId: string): number | null {
    const row = readRowIfAny(rankRow, this.#connection.get(queueSql.rank, { id: jobId }));
    return row === null ? null : this.#countOrphans() + this.#countAhead(row);
  }

  /** One walk in the queue's order, up to the last of them. */
  placesOf(ids: readonly string[]): ReadonlyMap<string, number> {
    const ranks = ids.flatMap((id) => {
      const row = readRowIfAny(rankRow, this.#connection.get(queueSql.rank, { id }));
      return row === null ? [] : [{ id, ...row }];
    });
    const places = new Map<string, number>();
    let ahead = this.#countOrphans();
    let from = { seq: -1, rank: Number.MIN_SAFE_INTEGER };
    for (const { id, ...to } of ranks.sort((a, b) => a.rank - b.rank || a.seq - b.seq)) {
      ahead += this.#count(queueSql.countBetween, { fromRank: from.rank, fromSeq: from.seq, rank: to.rank, seq: to.seq });
      places.set(id, ahead);
      from = to;
    }
    return places;
  }

  /** After each change of who waits. The places are told when the transaction ends: those in between nobody could see. */
  moved(at = this.#clock.now()): void {
    this.#movedAt = at;
  }

  /** Tells the first jobs their new places, when they may have moved. */
  tellPlaces(): void {
    // A mark that is left of a transaction that was rolled back costs a look, and changes nothing.
    const at = this.#movedAt;
    if (at === null) return;
    this.#movedAt = null;
    const orphans = this.#countOrphans();
    for (const [index, row] of this.#connection.all(queueSql.first).entries()) {
      const { seq, told_place: told } = readRow(placeRow, row);
      if (told !== orphans + index) this.#tellPlace(seq, "position", orphans + index, at);
    }
  }

  nextWake(nowMs: number): number | null {
    const retry = readRow(valueRow, this.#connection.get(queueSql.nextRetry, { nowMs })).value;
    const deadline = readRow(valueRow, this.#connection.get(queueSql.nextDeadline)).value;
    const times = [retry, deadline].filter((time) => time !== null);
    return times.length === 0 ? null : Math.min(...times);
  }

  #tellPlace(seq: number, type: "queued" | "position", place: number, at: number): void {
    this.#connection.run(queueSql.tellPlace, { seq, place });
    this.#events.append(seq, at, type, eventData.place(place));
  }

  #countOrphans(): number {
    return this.#count(queueSql.countOrphans, { nowMs: this.#clock.now() });
  }

  #countAhead({ seq, rank }: { readonly seq: number; readonly rank: number }): number {
    return this.#count(queueSql.countAhead, { seq, rank });
  }

  #count(text: string, parameters: Record<string, number> = {}): number {
    return readRow(countRow, this.#connection.get(text, parameters)).count;
  }
}
