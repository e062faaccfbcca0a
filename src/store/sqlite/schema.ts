import { z } from "zod";
import { AppError } from "../../errors/app-error.ts";
import type { Connection } from "./connection.ts";
import { readRow } from "./rows.ts";

const userVersionRow = z.object({ user_version: z.number() });

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
    owner TEXT,
    workflow TEXT,
    status TEXT NOT NULL DEFAULT 'queued' CHECK (status IN ('queued', 'running', 'completed', 'failed', 'cancelled')),
    urgency INTEGER NOT NULL CHECK (urgency IN (0, 1, 2)),
    virtual_time INTEGER NOT NULL,
    rank INTEGER NOT NULL,
    -- The place that its last event told.
    told_place INTEGER,
    not_before INTEGER,
    start_timeout_ms INTEGER,
    -- Null once it has run.
    start_deadline INTEGER,
    run_timeout_ms INTEGER,
    webhook_url TEXT,
    cancel_requested_at INTEGER,
    cancel_reason TEXT,
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
    CHECK (status IN ('queued', 'running') OR lease_until IS NULL),
    CHECK ((status IN ('queued', 'running')) = (completed_at IS NULL))
  ) STRICT;

  CREATE INDEX jobs_waiting ON jobs (rank, seq, not_before) WHERE status = 'queued' AND lease_until IS NULL;
  CREATE INDEX jobs_waiting_by_flow ON jobs (owner, urgency, virtual_time) WHERE status = 'queued' AND lease_until IS NULL;
  CREATE INDEX jobs_delayed ON jobs (not_before) WHERE status = 'queued' AND lease_until IS NULL AND not_before IS NOT NULL;
  CREATE INDEX jobs_to_start ON jobs (start_deadline) WHERE status = 'queued' AND lease_until IS NULL AND start_deadline IS NOT NULL;
  CREATE INDEX jobs_leased ON jobs (lease_until) WHERE lease_until IS NOT NULL;
  CREATE INDEX jobs_finished ON jobs (completed_at, seq) WHERE completed_at IS NOT NULL;
  CREATE INDEX jobs_by_status ON jobs (status, seq);
  CREATE INDEX jobs_by_workflow ON jobs (workflow, seq);
  CREATE INDEX jobs_by_workflow_and_status ON jobs (workflow, status, seq);

  -- Virtual time of the queue: the largest of any job that was claimed.
  CREATE TABLE queue_clock (id INTEGER PRIMARY KEY CHECK (id = 1), virtual_time INTEGER NOT NULL) STRICT;
  INSERT INTO queue_clock (id, virtual_time) VALUES (1, 0);

  -- The graph comes after the inputs, so that a list reads the inputs and leaves the graph's pages alone.
  CREATE TABLE job_requests (
    job_seq INTEGER PRIMARY KEY REFERENCES jobs (seq) ON DELETE CASCADE,
    inputs TEXT NOT NULL,
    origins TEXT NOT NULL,
    graph TEXT NOT NULL
  ) STRICT;

  CREATE TABLE input_files (
    job_seq INTEGER NOT NULL REFERENCES jobs (seq) ON DELETE CASCADE,
    idx INTEGER NOT NULL,
    file_id TEXT NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (job_seq, idx)
  ) STRICT, WITHOUT ROWID;

  CREATE INDEX input_files_by_id ON input_files (file_id);

  CREATE TABLE idempotency_keys (
    job_seq INTEGER PRIMARY KEY REFERENCES jobs (seq) ON DELETE CASCADE,
    owner TEXT,
    key TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    expires_at INTEGER NOT NULL
  ) STRICT;

  -- Nulls are never equal in a unique index, and an owner may be called the empty string.
  CREATE UNIQUE INDEX idempotency_keys_once ON idempotency_keys (key, owner IS NULL, ifnull(owner, ''));
  CREATE INDEX idempotency_keys_by_end ON idempotency_keys (expires_at);

  CREATE TABLE attempts (
    job_seq INTEGER NOT NULL REFERENCES jobs (seq) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    prompt_id TEXT NOT NULL,
    begun_at INTEGER NOT NULL,
    started_at INTEGER,
    ended_at INTEGER,
    error_code TEXT,
    error_detail TEXT,
    PRIMARY KEY (job_seq, number)
  ) STRICT, WITHOUT ROWID;

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
  CREATE INDEX outputs_by_content ON outputs (sha256, size);

  -- AUTOINCREMENT: the seq of a removed event is not given again.
  CREATE TABLE events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    job_seq INTEGER NOT NULL REFERENCES jobs (seq) ON DELETE CASCADE,
    id INTEGER NOT NULL,
    at INTEGER NOT NULL,
    type TEXT NOT NULL,
    data TEXT NOT NULL
  ) STRICT;

  CREATE UNIQUE INDEX events_of_job ON events (job_seq, id);

  CREATE TABLE webhooks (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    job_seq INTEGER NOT NULL UNIQUE REFERENCES jobs (seq) ON DELETE CASCADE,
    state TEXT NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'delivered', 'gone', 'exhausted')),
    -- While it is claimed, the end of the claim.
    due_at INTEGER CHECK ((state = 'pending') = (due_at IS NOT NULL)),
    attempts INTEGER NOT NULL DEFAULT 0,
    token TEXT
  ) STRICT;

  CREATE INDEX webhooks_due ON webhooks (due_at, seq) WHERE state = 'pending';

  CREATE TABLE deliveries (
    webhook_seq INTEGER NOT NULL REFERENCES webhooks (seq) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    at INTEGER NOT NULL,
    status_code INTEGER,
    error TEXT,
    duration_ms INTEGER NOT NULL,
    PRIMARY KEY (webhook_seq, number)
  ) STRICT, WITHOUT ROWID;

  -- One row, written to prove that a write reaches the medium.
  CREATE TABLE pulse (id INTEGER PRIMARY KEY CHECK (id = 1), beats INTEGER NOT NULL) STRICT;
  INSERT INTO pulse (id, beats) VALUES (1, 0);
  `,
  `
  CREATE TABLE file_owners (file_id TEXT NOT NULL, owner TEXT NOT NULL, PRIMARY KEY (file_id, owner)) STRICT, WITHOUT ROWID;

  CREATE INDEX jobs_by_owner ON jobs (owner, seq);
  CREATE INDEX jobs_by_owner_and_status ON jobs (owner, status, seq);
  CREATE INDEX jobs_by_owner_and_workflow ON jobs (owner, workflow, seq);
  `,
  // Where there are no keys, jobs have no owner, and each change of a job was written to three indexes nobody reads.
  `
  DROP INDEX jobs_by_owner;
  DROP INDEX jobs_by_owner_and_status;
  DROP INDEX jobs_by_owner_and_workflow;
  CREATE INDEX jobs_by_owner ON jobs (owner, seq) WHERE owner IS NOT NULL;
  CREATE INDEX jobs_by_owner_and_status ON jobs (owner, status, seq) WHERE owner IS NOT NULL;
  CREATE INDEX jobs_by_owner_and_workflow ON jobs (owner, workflow, seq) WHERE owner IS NOT NULL;
  `,
];

/**
 * Brings the database to the newest version, each step whole or not at all.
 *
 * @throws {AppError} `storage_failed` for a database of a newer gateway
 */
export function migrate(connection: Connection): void {
  const { user_version: found } = readRow(userVersionRow, connection.get("PRAGMA user_version"));
  if (found > migrations.length) {
    throw new AppError(
      "storage_failed",
      "The data directory was written by a newer version of comfyui-api. Start that version, or give this one a data directory of its own.",
      { cause: new Error(`schema version ${found}, this build knows up to ${migrations.length}`) },
    );
  }
  for (const [version, step] of migrations.entries()) {
    if (version < found) continue;
    connection.write(() => {
      connection.exec(step);
      connection.exec(`PRAGMA user_version = ${version + 1}`);
    });
  }
}
