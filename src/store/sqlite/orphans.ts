import { amongOrphans, upToLimit } from "./conditions.ts";
import type { Connection } from "./connection.ts";
import { countOf, seqOf, valueOf } from "./rows.ts";

export const orphanSql = {
  first: `SELECT seq FROM ${amongOrphans} ORDER BY urgency, seq LIMIT 1`,
  count: `SELECT COUNT(*) AS count FROM ${amongOrphans}`,
  some: `SELECT seq FROM ${amongOrphans} ${upToLimit}`,
  earliestEnd: "SELECT min(lease_until) AS value FROM jobs INDEXED BY jobs_leased WHERE lease_until IS NOT NULL",
} as const;

/**
 * Jobs whose lease has run out. They are asked for at each change of the queue, and mostly there is none: so it is kept
 * in mind until when no lease can have run out.
 */
export class Orphans {
  readonly #connection: Connection;
  #noneBefore = Number.NEGATIVE_INFINITY;
  #undone = 0;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  count(nowMs: number): number {
    return this.#mayBe(nowMs) ? countOf(this.#connection.get(orphanSql.count, { nowMs })) : 0;
  }

  /** As {@link count}, counted up to `limit`. */
  countSome(nowMs: number, limit: number): number {
    return this.#mayBe(nowMs) ? this.#connection.all(orphanSql.some, { nowMs, limit }).length : 0;
  }

  /** The seq of the one whose turn it is. */
  first(nowMs: number): number | null {
    return this.#mayBe(nowMs) ? seqOf(this.#connection.get(orphanSql.first, { nowMs })) : null;
  }

  /** After each write of a `lease_until`. */
  leasedUntil(until: number): void {
    this.#noneBefore = Math.min(this.#noneBefore, until);
  }

  #mayBe(nowMs: number): boolean {
    // A lease that was extended in a transaction that was undone ends earlier again.
    const { undone } = this.#connection;
    if (undone === this.#undone && nowMs < this.#noneBefore) return false;
    this.#undone = undone;
    this.#noneBefore = valueOf(this.#connection.get(orphanSql.earliestEnd)) ?? Number.POSITIVE_INFINITY;
    return nowMs >= this.#noneBefore;
  }
}
