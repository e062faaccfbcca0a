import type { JobStatus } from "../../job/job.ts";

export function among(statuses: readonly JobStatus[]): string {
  return `(${statuses.map((status) => `'${status}'`).join(", ")})`;
}

export const unfinished = among(["queued", "running"]);
/** By a lease of :jobId and :token. */
export const heldByLease = `id = :jobId AND lease_token = :token AND status IN ${unfinished}`;
export const waiting = "status = 'queued' AND lease_until IS NULL";
// Without statistics SQLite takes other indexes for just as good, and would sort the whole queue at each claim.
export const amongWaiting = `jobs INDEXED BY jobs_waiting WHERE ${waiting}`;
export const amongOrphans = "jobs INDEXED BY jobs_leased WHERE lease_until IS NOT NULL AND lease_until <= :nowMs";
/** A parameter alone would have SQLite prepare the statement anew at each run, which takes ten times as long as the run. */
export const upToLimit = "LIMIT :limit + 0";
