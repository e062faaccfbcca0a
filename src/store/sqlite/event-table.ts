import { z } from "zod";
import { jobEventTypes, type JobEvent, type JobEventType } from "../../job/event.ts";
import { eventData } from "../../job/event-data.ts";
import type { ReadAllEvents, ReadEvents } from "../../job/event-log.ts";
import type { JobWarning } from "../../job/job.ts";
import { stringifyJson, type JsonObject } from "../../json/exact.ts";
import type { Connection } from "./connection.ts";
import { checkedLimit } from "./limit.ts";
import { json, jsonObject, readRow, readRowIfAny, seqRow } from "./rows.ts";

const columns = "jobs.id AS job_id, events.id, events.seq, at, type, data";

export const eventSql = {
  append: `INSERT INTO events (job_seq, id, at, type, data)
    VALUES (:jobSeq, (SELECT ifnull(max(id), 0) + 1 FROM events WHERE job_seq = :jobSeq), :at, :type, :data)`,
  ofJob: `SELECT ${columns} FROM jobs JOIN events ON job_seq = jobs.seq WHERE jobs.id = :jobId AND events.id > :afterId ORDER BY events.id LIMIT :limit`,
  // CROSS JOIN: events first, in their order.
  ofAll: `SELECT ${columns} FROM events CROSS JOIN jobs ON jobs.seq = job_seq WHERE events.seq > :afterSeq ORDER BY events.seq LIMIT :limit`,
  ofOwner: `SELECT ${columns} FROM events CROSS JOIN jobs ON jobs.seq = job_seq WHERE events.seq > :afterSeq AND owner = :owner ORDER BY events.seq LIMIT :limit`,
  last: "SELECT seq FROM sqlite_sequence WHERE name = 'events'",
  warningsOfJob: "SELECT data FROM events WHERE job_seq = :jobSeq AND type = 'warning'",
} as const;

const eventRow = z
  .object({ job_id: z.string(), id: z.number(), seq: z.number(), at: z.number(), type: z.enum(jobEventTypes), data: json(jsonObject) })
  .transform(({ job_id, ...event }): JobEvent => ({ jobId: job_id, ...event }));

const dataRow = z.object({ data: z.string() });

/** A page of events: some hundred kilobytes. */
const maxEvents = 1000;

export class EventTable {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  append(jobSeq: number, at: number, type: JobEventType, data: JsonObject): void {
    this.#connection.run(eventSql.append, { jobSeq, at, type, data: stringifyJson(data) });
  }

  /** Those that no event has told yet. */
  appendWarnings(jobSeq: number, at: number, warnings: readonly JobWarning[]): void {
    if (warnings.length === 0) return;
    const told = new Set(this.#connection.all(eventSql.warningsOfJob, { jobSeq }).map((row) => readRow(dataRow, row).data));
    for (const data of warnings.map(eventData.warning)) {
      if (!told.has(stringifyJson(data))) this.append(jobSeq, at, "warning", data);
    }
  }

  ofJob({ jobId, afterId, limit }: ReadEvents): readonly JobEvent[] {
    return this.#read(eventSql.ofJob, { jobId, afterId, limit: checkedLimit(limit, maxEvents) });
  }

  ofAll({ owner, afterSeq, limit: asked }: ReadAllEvents): readonly JobEvent[] {
    const limit = checkedLimit(asked, maxEvents);
    return owner === undefined ? this.#read(eventSql.ofAll, { afterSeq, limit }) : this.#read(eventSql.ofOwner, { owner, afterSeq, limit });
  }

  lastSeq(): number {
    return readRowIfAny(seqRow, this.#connection.get(eventSql.last))?.seq ?? 0;
  }

  #read(text: string, parameters: Record<string, string | number>): readonly JobEvent[] {
    return this.#connection.all(text, parameters).map((row) => readRow(eventRow, row));
  }
}
