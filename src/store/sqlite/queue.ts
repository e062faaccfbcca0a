import { AppError } from "../../errors/app-error.ts";
import { eventData } from "../../job/event-data.ts";
import type { NewJob } from "../../job/job.ts";
import { rankOf } from "../../job/queue-order.ts";
import { stringifyJson } from "../../json/exact.ts";
import type { Clock } from "../../telemetry/clock.ts";
import { amongWaiting, waiting } from "./conditions.ts";
import type { Connection } from "./connection.ts";
import { lastEventIdSql, type EventTable, type PlacedEvent } from "./event-table.ts";
import { urgencyOf } from "./job-rows.ts";
import type { Orphans } from "./orphans.ts";
import { columnsOf, countOf, numberIn, numberOrNullIn, valueOf } from "./rows.ts";

/** So many places are told as they change: see JobStore. */
const toldPlaces = 10;

export const queueSql = {
  virtualTimes: `SELECT (SELECT virtual_time FROM queue_clock WHERE id = 1) AS now,
    (SELECT max(virtual_time) FROM jobs INDEXED BY jobs_waiting_by_flow WHERE ${waiting} AND owner IS :owner AND urgency = :urgency) AS tail`,
  newPlace: `SELECT (SELECT COUNT(*) FROM ${amongWaiting} AND rank <= :rank) AS ahead, EXISTS (SELECT 1 FROM ${amongWaiting} AND rank > :rank) AS overtakes`,
  insertJob: `INSERT INTO jobs (id, owner, workflow, urgency, virtual_time, rank, told_place, created_at, start_timeout_ms, start_deadline, run_timeout_ms, webhook_url)
    VALUES (:id, :owner, :workflow, :urgency, :virtualTime, :rank, :place, :createdAt, :startTimeoutMs, :createdAt + :startTimeoutMs, :runTimeoutMs, :webhookUrl)
    ON CONFLICT (id) DO NOTHING`,
  insertRequest: "INSERT INTO job_requests (job_seq, inputs, origins, graph) VALUES (:seq, :inputs, :origins, :graph)",
  insertFile: "INSERT INTO input_files (job_seq, idx, file_id, name) VALUES (:seq, :idx, :fileId, :name)",
  countOfOwner: `SELECT COUNT(*) AS count FROM jobs INDEXED BY jobs_waiting_by_flow WHERE ${waiting} AND owner = :owner`,
  countQueued: "SELECT COUNT(*) AS count FROM jobs WHERE status = 'queued'",

  rank: `SELECT seq, rank FROM jobs WHERE id = :id AND ${waiting}`,
  countAhead: `SELECT COUNT(*) AS count FROM ${amongWaiting} AND (rank, seq) < (:rank, :seq)`,
  countBetween: `SELECT COUNT(*) AS count FROM ${amongWaiting} AND (rank, seq) >= (:fromRank, :fromSeq) AND (rank, seq) < (:rank, :seq)`,
  first: `SELECT seq, told_place, ${lastEventIdSql} AS last_event FROM ${amongWaiting} ORDER BY rank, seq LIMIT ${toldPlaces}`,
  tellPlace: "UPDATE jobs SET told_place = :place WHERE seq = :seq",

  nextRetry: `SELECT min(not_before) AS value FROM jobs INDEXED BY jobs_delayed WHERE ${waiting} AND not_before IS NOT NULL AND not_before > :nowMs`,
  nextDeadline: `SELECT min(start_deadline) AS value FROM jobs INDEXED BY jobs_to_start WHERE ${waiting} AND start_deadline IS NOT NULL`,
} as const;

interface Ranked {
  readonly seq: number;
  readonly rank: number;
}

/** A job that has just entered. */
interface Entered {
  readonly seq: number;
  readonly job: NewJob;
  readonly virtualTime: number;
}

interface QueueParams {
  readonly connection: Connection;
  readonly events: EventTable;
  readonly orphans: Orphans;
  readonly clock: Pick<Clock, "now">;
}

/** The jobs that wait, and their places. */
export class Queue {
  readonly #connection: Connection;
  readonly #events: EventTable;
  readonly #clock: Pick<Clock, "now">;
  readonly #orphans: Orphans;
  /** Since the last look: when something changed, and whether it is certain that places did. */
  #change: { readonly at: number; readonly certain: boolean } | null = null;
  /** What {@link entered} is, and how many transactions were undone by then. */
  #entered: { readonly first: Entered; readonly undone: number } | null = null;
  /** How many orphans the first jobs were told to have before them, and whether that still stands. */
  #told: { readonly orphans: number; readonly undone: number } | null = null;

  constructor({ connection, events, orphans, clock }: QueueParams) {
    this.#connection = connection;
    this.#events = events;
    this.#orphans = orphans;
    this.#clock = clock;
  }

  get length(): number {
    return this.#count(queueSql.countQueued);
  }

  /** The first job that waits, when nothing has changed since it entered in the transaction under way: it need not be read. */
  get entered(): Entered | null {
    return this.#entered?.undone === this.#connection.undone ? this.#entered.first : null;
  }

  /** Unclaimed jobs of the owner. */
  lengthOf(owner: string): number {
    return countOf(this.#connection.get(queueSql.countOfOwner, { owner }));
  }

  /**
   * With its first event.
   *
   * @returns its seq
   * @throws {AppError} when there is one with its id
   */
  enter(job: NewJob): number {
    const { id, owner, workflow, priority, createdAt, startTimeoutMs, runTimeoutMs, webhookUrl } = job;
    const urgency = urgencyOf(priority);
    const times = columnsOf(this.#connection.get(queueSql.virtualTimes, { owner, urgency }));
    const { virtualTime, rank } = rankOf(priority, numberIn(times, "now"), numberOrNullIn(times, "tail"));
    const orphans = this.#countOrphans();
    const { ahead, overtakes } = this.#newPlace(rank);
    const place = orphans + ahead;
    const row = { id, owner, workflow, urgency, virtualTime, rank, place, createdAt, startTimeoutMs, runTimeoutMs, webhookUrl };
    const seq = this.#connection.insert(queueSql.insertJob, row);
    if (seq === null) throw new AppError("internal", "There is a job with this id already.");
    this.#connection.run(queueSql.insertRequest, {
      seq,
      inputs: stringifyJson(job.inputs),
      origins: stringifyJson(job.origins),
      graph: stringifyJson(job.graph),
    });
    for (const [idx, file] of job.files.entries()) this.#connection.run(queueSql.insertFile, { seq, idx, fileId: file.fileId, name: file.name });
    this.#events.append(seq, 0, createdAt, [{ type: "queued", data: eventData.place(place) }]);
    if (overtakes || orphans !== this.#toldOrphans()) this.moved(createdAt);
    else this.mayHaveMoved(createdAt);
    if (ahead === 0) this.#entered = { first: { seq, job, virtualTime }, undone: this.#connection.undone };
    return seq;
  }

  /** Tells that a job is back at its place. */
  tellReturn(job: { readonly id: string; readonly lastEventId: number }, at: number): void {
    const row = this.#rankOf(job.id);
    if (row === null) return;
    const place = this.#countOrphans() + this.#countAhead(row);
    this.#connection.run(queueSql.tellPlace, { seq: row.seq, place });
    this.#events.append(row.seq, job.lastEventId, at, [{ type: "queued", data: eventData.place(place) }]);
  }

  placeOf(jobId: string): number | null {
    const row = this.#rankOf(jobId);
    return row === null ? null : this.#countOrphans() + this.#countAhead(row);
  }

  /** One walk in the queue's order, up to the last of them. */
  placesOf(ids: readonly string[]): ReadonlyMap<string, number> {
    const ranks = ids.flatMap((id) => {
      const row = this.#rankOf(id);
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
    this.#entered = null;
    this.#change = { at, certain: true };
  }

  /** After what changes no place, unless jobs have become orphans, or are none any more, since the last look. */
  mayHaveMoved(at: number): void {
    this.#entered = null;
    this.#change = { at, certain: this.#change?.certain ?? false };
  }

  /** Tells the first jobs their new places, when they may have moved. */
  tellPlaces(): void {
    // A mark that is left of a transaction that was rolled back costs a look, and changes nothing.
    const change = this.#change;
    this.#entered = null;
    if (change === null) return;
    this.#change = null;
    const orphans = this.#countOrphans();
    if (!change.certain && orphans === this.#toldOrphans()) return;
    const moved: PlacedEvent[] = [];
    for (const [index, row] of this.#connection.all(queueSql.first).entries()) {
      const columns = columnsOf(row);
      const jobSeq = numberIn(columns, "seq");
      const place = orphans + index;
      if (numberOrNullIn(columns, "told_place") === place) continue;
      this.#connection.run(queueSql.tellPlace, { seq: jobSeq, place });
      moved.push({ jobSeq, id: numberIn(columns, "last_event") + 1, type: "position", data: eventData.place(place) });
    }
    this.#events.place(moved, change.at);
    this.#told = { orphans, undone: this.#connection.undone };
  }

  nextWake(nowMs: number): number | null {
    const retry = valueOf(this.#connection.get(queueSql.nextRetry, { nowMs }));
    const deadline = valueOf(this.#connection.get(queueSql.nextDeadline));
    const times = [retry, deadline].filter((time) => time !== null);
    return times.length === 0 ? null : Math.min(...times);
  }

  #rankOf(jobId: string): Ranked | null {
    const row = this.#connection.get(queueSql.rank, { id: jobId });
    if (row === undefined) return null;
    const columns = columnsOf(row);
    return { seq: numberIn(columns, "seq"), rank: numberIn(columns, "rank") };
  }

  /** Of a job that is younger than all that wait. */
  #newPlace(rank: number): { readonly ahead: number; readonly overtakes: boolean } {
    const columns = columnsOf(this.#connection.get(queueSql.newPlace, { rank }));
    return { ahead: numberIn(columns, "ahead"), overtakes: numberIn(columns, "overtakes") === 1 };
  }

  /** null when it is not known what is told. */
  #toldOrphans(): number | null {
    return this.#told?.undone === this.#connection.undone ? this.#told.orphans : null;
  }

  #countOrphans(): number {
    return this.#orphans.count(this.#clock.now());
  }

  #countAhead({ seq, rank }: Ranked): number {
    return this.#count(queueSql.countAhead, { seq, rank });
  }

  #count(text: string, parameters: Record<string, number> = {}): number {
    return countOf(this.#connection.get(text, parameters));
  }
}
