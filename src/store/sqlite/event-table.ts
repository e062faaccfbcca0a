import type { SQLInputValue } from "node:sqlite";
import { jobEventTypes, type JobEvent, type JobEventType } from "../../job/event.ts";
import { eventData } from "../../job/event-data.ts";
import type { ReadAllEvents, ReadEvents } from "../../job/event-log.ts";
import type { JobWarning } from "../../job/job.ts";
import { isJsonObject, type JsonObject, stringifyJson } from "../../json/exact.ts";
import { upToLimit } from "./conditions.ts";
import type { Connection } from "./connection.ts";
import { checkedLimit } from "./limit.ts";
import { columnsOf, jsonIn, numberIn, seqOf, textIn, unreadable } from "./rows.ts";

const eventColumns = "jobs.id AS job_id, events.id, events.seq, at, type, data";

export const eventSql = {
  ofJob: `SELECT ${eventColumns} FROM jobs JOIN events ON job_seq = jobs.seq WHERE jobs.id = :jobId AND events.id > :afterId ORDER BY events.id ${upToLimit}`,
  // CROSS JOIN: events first, in their order.
  ofAll: `SELECT ${eventColumns} FROM events CROSS JOIN jobs ON jobs.seq = job_seq WHERE events.seq > :afterSeq ORDER BY events.seq ${upToLimit}`,
  ofOwner: `SELECT ${eventColumns} FROM events CROSS JOIN jobs ON jobs.seq = job_seq WHERE events.seq > :afterSeq AND owner = :owner ORDER BY events.seq ${upToLimit}`,
  last: "SELECT seq FROM sqlite_sequence WHERE name = 'events'",
  warningsOfJob: "SELECT data FROM events WHERE job_seq = :jobSeq AND type = 'warning'",
} as const;

/** So many rows go into one statement; what happens to a job at a time mostly has one or two events. */
const rowsAtOnce = 8;

/** By the number of rows. The larger, the rarer: each text is prepared when it is first needed. */
const appendSql = Array.from({ length: rowsAtOnce + 1 }, (_, rows) => {
  return `INSERT INTO events (job_seq, id, at, type, data) VALUES ${Array.from({ length: rows }, () => "(?, ?, ?, ?, ?)").join(", ")}`;
});

/** Of a row of `jobs`: the id of the job's last event, for who appends others. */
export const lastEventIdSql = "(SELECT ifnull(max(id), 0) FROM events WHERE job_seq = jobs.seq)";

export interface NewEvent {
  readonly type: JobEventType;
  readonly data: JsonObject;
  /** When it was before the others that it is appended with. */
  readonly at?: number;
}

export interface PlacedEvent extends NewEvent {
  readonly jobSeq: number;
  readonly id: number;
}

const types: ReadonlyMap<string, JobEventType> = new Map(jobEventTypes.map((type) => [type, type]));

function readEvent(row: unknown): JobEvent {
  const columns = columnsOf(row);
  const type = types.get(textIn(columns, "type"));
  if (type === undefined) throw unreadable("not a type of event");
  return {
    jobId: textIn(columns, "job_id"),
    id: numberIn(columns, "id"),
    seq: numberIn(columns, "seq"),
    at: numberIn(columns, "at"),
    type,
    data: jsonIn(columns, "data", isJsonObject),
  };
}

/** A page of events: some hundred kilobytes. */
const maxEvents = 1000;

export class EventTable {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** @param lastId of the job's events so far */
  append(jobSeq: number, lastId: number, at: number, events: readonly NewEvent[]): void {
    this.place(events.map((event, index) => ({ ...event, jobSeq, id: lastId + 1 + index })), at);
  }

  /** In this order, of whichever jobs. */
  place(events: readonly PlacedEvent[], at: number): void {
    for (let from = 0; from < events.length; from += rowsAtOnce) {
      const rows = events.slice(from, from + rowsAtOnce);
      const values: SQLInputValue[] = [];
      for (const event of rows) values.push(event.jobSeq, event.id, event.at ?? at, event.type, stringifyJson(event.data));
      this.#connection.runOn(appendSql[rows.length] ?? "", values);
    }
  }

  /** Events of those warnings that none has told yet, nor one of those that are appended with them. */
  untold(jobSeq: number, warnings: readonly JobWarning[], others: readonly NewEvent[] = []): readonly NewEvent[] {
    if (warnings.length === 0) return [];
    const told = new Set(this.#connection.all(eventSql.warningsOfJob, { jobSeq }).map((row) => textIn(columnsOf(row), "data")));
    for (const { type, data } of others) if (type === "warning") told.add(stringifyJson(data));
    return warnings.map(eventData.warning).flatMap((data) => (told.has(stringifyJson(data)) ? [] : [{ type: "warning" as const, data }]));
  }

  ofJob({ jobId, afterId, limit }: ReadEvents): readonly JobEvent[] {
    return this.#read(eventSql.ofJob, { jobId, afterId, limit: checkedLimit(limit, maxEvents) });
  }

  ofAll({ owner, afterSeq, limit: asked }: ReadAllEvents): readonly JobEvent[] {
    const limit = checkedLimit(asked, maxEvents);
    return owner === undefined ? this.#read(eventSql.ofAll, { afterSeq, limit }) : this.#read(eventSql.ofOwner, { owner, afterSeq, limit });
  }

  lastSeq(): number {
    return seqOf(this.#connection.get(eventSql.last)) ?? 0;
  }

  #read(text: string, parameters: Record<string, string | number>): readonly JobEvent[] {
    return this.#connection.all(text, parameters).map(readEvent);
  }
}
