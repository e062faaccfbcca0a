import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { exampleJob } from "../../job/example-job.ts";
import type { NewJob } from "../../job/job.ts";
import type { JobStore } from "../../job/job-store.ts";
import { claimSql } from "./claims.ts";
import { Connection } from "./connection.ts";
import { endingSql } from "./endings.ts";
import { eventSql } from "./event-table.ts";
import { fileOwnerSql } from "./file-owner-table.ts";
import { idempotencySql } from "./idempotency-table.ts";
import { jobSql, listJobsSql } from "./job-table.ts";
import { leaseSql } from "./leases.ts";
import { orphanSql } from "./orphans.ts";
import { queueSql } from "./queue.ts";
import { removalSql } from "./removal.ts";
import { openSqliteStore, type SqliteStoreOptions } from "./sqlite-store.ts";
import { webhookSql } from "./webhook-table.ts";
import { withdrawalSql } from "./withdrawals.ts";

let dir: string;
let path: string;
let opened: JobStore[];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "sqlite-store-"));
  path = join(dir, "data", "jobs.db");
  opened = [];
});
afterEach(async () => {
  for (const store of opened) await store.close();
  await rm(dir, { recursive: true, force: true });
});

async function open(options: Partial<SqliteStoreOptions> = {}): Promise<JobStore> {
  const store = await openSqliteStore({ path, ...options });
  opened.push(store);
  return store;
}

const unbounded = { maxQueued: Infinity };

function newJob(id: string, parts: Partial<NewJob> = {}): NewJob {
  const { owner, workflow, priority, inputs, graph, files, origins, createdAt, startTimeoutMs, runTimeoutMs, webhookUrl } = exampleJob();
  return { id, owner, workflow, priority, inputs, graph, files, origins, createdAt, startTimeoutMs, runTimeoutMs, webhookUrl, ...parts };
}

/** Runs SQL on the closed database, as damage or another version would have left it. */
function tamper(statement: string): void {
  const database = new DatabaseSync(path);
  database.exec(statement);
  database.close();
}

describe("opening", () => {
  it("makes the data directory, and gives back the same jobs the next time", async () => {
    const store = await open();
    await store.insert(newJob("one"), unbounded);
    await store.close();
    expect(await (await open()).get("one")).toMatchObject({ id: "one" });
  });

  it("is refused to a second gateway, which is told what to do", async () => {
    await open();
    await expect(openSqliteStore({ path })).rejects.toMatchObject({ code: "storage_failed", detail: expect.stringContaining("--data-dir") });
    await expect(openSqliteStore({ path: join(dir, "data", "other.db") })).rejects.toMatchObject({ code: "storage_failed" });
  });

  it("works again once the first has closed", async () => {
    await (await open()).close();
    expect(await (await open()).counts()).toEqual({ queued: 0, running: 0, claimed: 0 });
  });

  it("leaves the database readable by others, for backups", async () => {
    await (await open()).insert(newJob("one"), unbounded);
    const reader = new DatabaseSync(path, { readOnly: true });
    expect(reader.prepare("SELECT id FROM jobs").all()).toMatchObject([{ id: "one" }]);
    reader.close();
  });

  it.skipIf(process.getuid?.() === 0)("of a folder that may not be written is refused without naming it", async () => {
    await chmod(dir, 0o500);
    const failure = openSqliteStore({ path });
    await expect(failure).rejects.toMatchObject({ code: "storage_failed", detail: expect.not.stringContaining(dir) });
    await chmod(dir, 0o700);
  });

  it("of a folder that cannot be is refused without naming it", async () => {
    await writeFile(join(dir, "data"), "a file where the folder should be");
    await expect(openSqliteStore({ path })).rejects.toMatchObject({ code: "storage_failed", detail: expect.not.stringContaining(dir) });
  });

  it("of something that is no database is refused, and the thing is left as it was", async () => {
    await (await open()).close();
    const foreign = "not a database ".repeat(1000);
    await writeFile(path, foreign);
    await expect(openSqliteStore({ path })).rejects.toMatchObject({ code: "storage_failed", detail: expect.stringContaining("not one") });
    expect(await readFile(path, "utf8")).toBe(foreign);
  });

  it("of a newer gateway's database is refused", async () => {
    await (await open()).close();
    tamper("PRAGMA user_version = 999");
    await expect(openSqliteStore({ path })).rejects.toMatchObject({ code: "storage_failed", detail: expect.stringContaining("newer version") });
  });

  it("that fails holds no lock", async () => {
    await (await open()).close();
    tamper("PRAGMA user_version = 999");
    await expect(openSqliteStore({ path })).rejects.toThrow("newer version");
    tamper("PRAGMA user_version = 3");
    await open();
  });
});

describe("a row that cannot be read", () => {
  it.each([
    "UPDATE job_requests SET graph = '{'",
    "UPDATE job_requests SET graph = '[]'",
    "UPDATE job_requests SET inputs = '7'",
    "UPDATE jobs SET progress = '{\"percent\":\"half\"}'",
    "UPDATE jobs SET error = '{\"code\":\"no_such_code\",\"detail\":\"\",\"errors\":[]}'",
    "UPDATE jobs SET warnings = 'null'",
    "PRAGMA foreign_keys = OFF; DELETE FROM job_requests; INSERT INTO job_requests VALUES (1, x'00' || '{', '{}', '{}')",
  ])("is storage_failed, and others are still served: %s", async (damage) => {
    const store = await open();
    await store.insert(newJob("damaged"), unbounded);
    await store.close();
    tamper(damage);
    const again = await open();
    await expect(again.get("damaged")).rejects.toMatchObject({ code: "storage_failed" });
    await again.insert(newJob("sound"), unbounded);
    expect(await again.get("sound")).toMatchObject({ id: "sound" });
  });
});

describe("a job whose caller waits for its end", () => {
  const claim = { owner: "runner", leaseMs: 60_000, nowMs: 2_000, begin: { newPromptId: () => "prompt-1" } };
  const soon = { ...unbounded, durability: "soon" } as const;

  /** Counts the syncs of every store, and lets them through. */
  function syncs(): () => number {
    const sync = vi.spyOn(Connection.prototype, "sync");
    return () => sync.mock.calls.length;
  }

  /** The example without files: nothing is to be done before it is sent. */
  const ready = (id: string, parts: Partial<NewJob> = {}): NewJob => newJob(id, { files: [], ...parts });

  afterEach(() => {
    vi.restoreAllMocks();
  });

  it("enters the queue and is claimed without a wait for the disk, and outlives the process", async () => {
    const store = await open();
    const count = syncs();
    const [inserted, claimed] = await Promise.all([store.insert(ready("job-1"), soon), store.claim(claim)]);
    expect([inserted.outcome, claimed?.begun, count()]).toEqual(["inserted", true, 0]);
    await store.close();
    expect(count()).toBe(1);
    expect(await (await open()).get("job-1")).toMatchObject({ promptId: "prompt-1", attempt: 1 });
  });

  it("is on the disk when a sync resolves, and when its end is stored", async () => {
    const store = await open();
    const count = syncs();
    await store.insert(ready("job-1"), soon);
    await store.sync();
    expect(count()).toBe(1);
    const claimed = await store.claim(claim);
    expect(count()).toBe(2);
    if (claimed === null) throw new Error("nothing was claimed");
    await store.fail(claimed.lease, { completedAt: 3_000, outputs: [], error: { code: "internal", detail: "it failed", errors: [] }, warnings: [], cachedNodes: null });
    expect(count()).toBe(3);
  });

  it("makes nobody send a job that was there before it without its attempt being on the disk", async () => {
    const store = await open();
    await store.insert(ready("job-1", { priority: "high" }), unbounded);
    const count = syncs();
    const [, claimed] = await Promise.all([store.insert(ready("job-2"), soon), store.claim(claim)]);
    expect([claimed?.job.id, count()]).toEqual(["job-1", 1]);
  });
});

describe("a full disk", () => {
  const large = { "1": { class_type: "X", inputs: { text: "x".repeat(20_000) } } };

  it("rejects with storage_failed, writes nothing of what it rejected, and works again when there is room", async () => {
    const store = await open({ maxPages: 60 });
    const accepted: string[] = [];
    const fill = async (): Promise<void> => {
      for (let at = 0; at < 100; at += 1) {
        await store.insert(newJob(`job-${at}`, { graph: large }), unbounded);
        accepted.push(`job-${at}`);
      }
    };
    await expect(fill()).rejects.toMatchObject({ code: "storage_failed", detail: expect.stringContaining("full") });
    expect(accepted.length).toBeGreaterThan(0);
    expect(await store.counts()).toEqual({ queued: accepted.length, running: 0, claimed: 0 });
    await store.close();

    const roomier = await open();
    expect((await roomier.listJobs({ limit: 200 })).items.map(({ id }) => id).toReversed()).toEqual(accepted);
    await roomier.insert(newJob("after", { graph: large }), unbounded);
    expect(await roomier.get("after")).toMatchObject({ graph: large });
  });

  it("leaves a job that could not be completed as it was, and its lease with its holder", async () => {
    const store = await open({ maxPages: 60 });
    await store.insert(newJob("one"), unbounded);
    const claimed = await store.claim({ owner: "a", leaseMs: 1000, nowMs: 0 });
    const lease = claimed?.lease ?? { jobId: "", token: "" };
    const before = await store.get("one");
    const output = { nodeId: "1", kind: "text", filename: "a.txt", contentType: "text/plain", size: 1, sha256: "0", text: "x".repeat(50_000) } as const;
    const finish = { completedAt: 1, warnings: [], cachedNodes: null };
    await expect(store.complete(lease, { ...finish, outputs: Array.from({ length: 10 }, (_, index) => ({ ...output, index })) })).rejects.toMatchObject({
      code: "storage_failed",
    });
    expect(await store.get("one")).toEqual(before);
    expect(await store.complete(lease, { ...finish, outputs: [] })).toBe("ok");
  });
});

describe("a process that is killed", () => {
  /** Another gateway: inserts without end, and prints each id once its insert has resolved. */
  function startInserter(): ReturnType<typeof spawn> {
    const script = `
      const { openSqliteStore } = await import(${JSON.stringify(new URL("sqlite-store.ts", import.meta.url).href)});
      const store = await openSqliteStore({ path: ${JSON.stringify(path)} });
      for (let at = 0; ; at += 1) {
        await store.insert({ ...${JSON.stringify(newJob(""))}, id: "job-" + at }, { maxQueued: Infinity });
        process.stdout.write("job-" + at + "\\n");
        await new Promise(setImmediate);
      }`;
    return spawn(process.execPath, ["--input-type=module", "--eval", script], { stdio: ["ignore", "pipe", "inherit"] });
  }

  it("has lost no job it had accepted, and its lock is gone with it", async () => {
    const child = startInserter();
    const exited = once(child, "exit");
    if (child.stdout === null) throw new Error("the child has no stdout");
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const printed: string[] = [(await lines.next()).value ?? ""];
    await expect(openSqliteStore({ path })).rejects.toThrow("Another gateway");
    for (let line = await lines.next(); line.done !== true; line = await lines.next()) {
      printed.push(line.value);
      if (printed.length === 100) child.kill("SIGKILL");
    }
    await exited;
    expect(child.signalCode).toBe("SIGKILL");
    // The last line may have been cut short.
    const accepted = printed.slice(0, -1);
    expect(accepted.length).toBeGreaterThanOrEqual(99);

    const store = await open();
    for (const id of accepted) expect(await store.get(id)).toMatchObject({ id, status: "queued" });
    await store.insert(newJob("after"), unbounded);
  });
});

describe("with ten thousand jobs in the queue", () => {
  it("claims, lists, counts places and pages outputs by index, without a sort or a scan", async () => {
    await (await open()).close();
    const database = new DatabaseSync(path);
    database.exec(`
      WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
      INSERT INTO jobs (id, workflow, urgency, virtual_time, rank, created_at) SELECT 'job-' || i, 'family/' || (i % 10), i % 3, i, i, i FROM n;
      INSERT INTO job_requests SELECT seq, '{}', '{}', '{}' FROM jobs;`);
    const filters = [true, false].flatMap((status) => [true, false].flatMap((workflow) => [true, false].map((owner) => listJobsSql({ owner, status, workflow }))));
    const tables = [claimSql, endingSql, eventSql, fileOwnerSql, idempotencySql, jobSql, leaseSql, orphanSql, queueSql, removalSql, webhookSql, withdrawalSql];
    const statements = tables.flatMap((sql) => Object.values<string>(sql));
    // The one row of a table that SQLite keeps; a sum over all outputs, for the sweep that is made now and then; and an index that holds what is counted and nothing else.
    const scans: readonly string[] = [eventSql.last, removalSql.storage, webhookSql.countPending];
    for (const text of [...statements.filter((statement) => !statement.startsWith("INSERT") && !scans.includes(statement)), ...filters]) {
      const plan = database.prepare(`EXPLAIN QUERY PLAN ${text}`).all().map((row) => String(row["detail"]));
      // Leased jobs are as many as run at once: sorting the orphans among them is cheap.
      const expected = text === orphanSql.first ? plan.filter((line) => !line.includes("TEMP B-TREE")) : plan;
      for (const line of expected) expect(line, text).toMatch(/^SEARCH |^SCAN jobs USING (COVERING )?INDEX jobs_waiting$|SCALAR SUBQUERY|^SCAN CONSTANT ROW$|^LIST SUBQUERY|^SCAN json_each|^CREATE BLOOM FILTER|^USING ROWID SEARCH/);
    }
    database.close();

    const store = await open();
    expect(await store.queuePosition("job-10000")).toBe(9999);
    expect(await store.claim({ owner: "a", leaseMs: 1000, nowMs: 0 })).toMatchObject({ job: { id: "job-1" } });
    expect(await store.counts()).toEqual({ queued: 10_000, running: 0, claimed: 1 });
  });
});
