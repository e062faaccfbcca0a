import { z } from "zod";
import type { NewJob } from "../../job/job.ts";
import { idempotencyKeyMs, type FindIdempotent, type Insert } from "../../job/job-store.ts";
import type { Connection } from "./connection.ts";
import { readRowIfAny } from "./rows.ts";

export const idempotencySql = {
  find: "SELECT job_seq, fingerprint FROM idempotency_keys WHERE key = :key AND owner IS :owner AND expires_at > :nowMs",
  insert: "INSERT OR REPLACE INTO idempotency_keys (job_seq, owner, key, fingerprint, expires_at) VALUES (:jobSeq, :owner, :key, :fingerprint, :expiresAt)",
  removeExpired: "DELETE FROM idempotency_keys WHERE expires_at <= :nowMs",
} as const;

const keyRow = z.object({ job_seq: z.number(), fingerprint: z.string() }).transform(({ job_seq, fingerprint }) => ({ jobSeq: job_seq, fingerprint }));

export class IdempotencyTable {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** null for a key that is unknown or has run out. */
  find({ owner, key, nowMs }: FindIdempotent): { readonly jobSeq: number; readonly fingerprint: string } | null {
    return readRowIfAny(keyRow, this.#connection.get(idempotencySql.find, { owner, key, nowMs }));
  }

  /** In place of the same key that has run out. */
  add(jobSeq: number, { owner, createdAt }: NewJob, { key, fingerprint }: NonNullable<Insert["idempotency"]>): void {
    this.#connection.run(idempotencySql.insert, { jobSeq, owner, key, fingerprint, expiresAt: createdAt + idempotencyKeyMs });
  }

  removeExpired(nowMs: number): number {
    return this.#connection.run(idempotencySql.removeExpired, { nowMs });
  }
}
