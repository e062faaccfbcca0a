import type { DatabaseSync } from "node:sqlite";
import { AppError } from "../../errors/app-error.ts";
import { readRow, userVersionRow } from "./rows.ts";

/**
 * Step n brings a database from version n to n + 1. A step that has shipped is never edited: a change is a new step.
 *
 * What changes while a job runs (`jobs`) is kept apart from what is fixed at acceptance (`job_requests`), because
 * SQLite rewrites a whole row on each update and a graph can be hundreds of kilobytes.
 */
const migrations: readonly string[] = [
  `
  CREATE TABLE jobs (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    workflow TEXT,
    status TEXT NOT NULL DEFAULT 'queued' CHECK (status IN ('queued', 'running', 'completed', 'failed', 'cancelled')),
    urgency INTEGER NOT NULL CHECK (urgency IN (0, 1, 2)),
    attempt INTEGER NOT NULL DEFAULT 0,
    prompt_id TEXT,
    created_at INTEGER NOT NULL,
    started_at INTEGER,
    completed_at INTEGER,
    progress TEXT,
    warnings TEXT NOT NULL DEFAULT '[]',
    error TEXT,
    cached_nodes INTEGER,
    lease_owner TEXT,
    lease_token TEXT,
    lease_until INTEGER,
    CHECK (status IN ('queued', 'running') OR lease_until IS NULL)
  ) STRICT;

  CREATE INDEX jobs_waiting ON jobs (urgency, seq) WHERE status = 'queued' AND lease_until IS NULL;
  CREATE INDEX jobs_leased ON jobs (lease_until) WHERE lease_until IS NOT NULL;
  CREATE INDEX jobs_by_status ON jobs (status, seq);
  CREATE INDEX jobs_by_workflow ON jobs (workflow, seq);
  CREATE INDEX jobs_by_workflow_and_status ON jobs (workflow, status, seq);

  -- The graph comes after the inputs, so that a list reads the inputs and leaves the graph's pages alone.
  CREATE TABLE job_requests (
    job_seq INTEGER PRIMARY KEY REFERENCES jobs (seq) ON DELETE CASCADE,
    inputs TEXT NOT NULL,
    files TEXT NOT NULL,
    origins TEXT NOT NULL,
    graph TEXT NOT NULL
  ) STRICT;

  CREATE TABLE outputs (
    job_seq INTEGER NOT NULL REFERENCES jobs (seq) ON DELETE CASCADE,
    idx INTEGER NOT NULL,
    node_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    filename TEXT NOT NULL,
    content_type TEXT NOT NULL,
    size INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    text TEXT
  ) STRICT;

  CREATE UNIQUE INDEX outputs_newest_first ON outputs (job_seq DESC, idx);

  -- One row, written to prove that a write reaches the medium.
  CREATE TABLE pulse (id INTEGER PRIMARY KEY CHECK (id = 1), beats INTEGER NOT NULL) STRICT;
  INSERT INTO pulse (id, beats) VALUES (1, 0);
  `,
];

/**
 * Brings the database to the newest version, each step whole or not at all.
 *
 * @throws {AppError} `storage_failed` for a database of a newer gateway
 */
export function migrate(database: DatabaseSync): void {
  const { user_version: found } = readRow(userVersionRow, database.prepare("PRAGMA user_version").get());
  if (found > migrations.length) {
    throw new AppError(
      "storage_failed",
      "The data directory was written by a newer version of comfyui-api. Start that version, or give this one a data directory of its own.",
      { cause: new Error(`schema version ${found}, this build knows up to ${migrations.length}`) },
    );
  }
  for (const [version, step] of migrations.entries()) {
    if (version < found) continue;
    database.exec("BEGIN IMMEDIATE");
    try {
      database.exec(step);
      database.exec(`PRAGMA user_version = ${version + 1}`);
      database.exec("COMMIT");
    } catch (error) {
      if (database.isTransaction) database.exec("ROLLBACK");
      throw error;
    }
  }
}
