import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { openDiskFileStore } from "../files/disk-file-store.ts";
import type { FileStore } from "../files/file-store.ts";
import { exampleJob } from "../job/example-job.ts";
import type { JobStore } from "../job/job-store.ts";
import type { JobOutput, NewJob } from "../job/job.ts";
import { openSqliteStore } from "../store/sqlite/sqlite-store.ts";
import { HeldClock } from "../telemetry/held-clock.ts";
import { silentLogger } from "../telemetry/logger.ts";
import { Upkeep, type UpkeepRules } from "./upkeep.ts";

/** On a machine that runs everything else at the same time. */
const soon = { timeout: 10_000 };

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const weekMs = 7 * dayMs;

let dir: string;
let clock: HeldClock;
let jobs: JobStore;
let files: FileStore;
let count = 0;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "upkeep-"));
  clock = new HeldClock();
  jobs = await openSqliteStore({ path: join(dir, "jobs.db"), clock });
  files = await openDiskFileStore({ dir: join(dir, "files"), clock });
});
afterEach(async () => {
  await jobs.close();
  await rm(dir, { recursive: true, force: true });
});

function upkeep(rules: Partial<UpkeepRules> = {}): Upkeep {
  return new Upkeep({ jobs, files, clock, logger: silentLogger, rules: { retentionMs: weekMs, maxStorageBytes: null, comfyuiOutputDir: null, ...rules } });
}

/** Ticks until there is nothing more to do. */
async function sweep(rules: Partial<UpkeepRules> = {}): Promise<void> {
  const worker = upkeep(rules);
  while (await worker.tick());
}

async function put(content: string): Promise<string> {
  return (await files.put(Readable.from([Buffer.from(content)]), { maxBytes: 1_000_000 })).id;
}

async function accept(parts: Partial<NewJob> = {}): Promise<string> {
  count += 1;
  const id = `job-${count}`;
  const answer = await jobs.insert({ ...exampleJob(), id, createdAt: clock.now(), ...parts }, { maxQueued: 1000 });
  expect(answer.outcome).toBe("inserted");
  return id;
}

function outputOf(sha256: string, size: number): JobOutput {
  return { index: 0, nodeId: "1", kind: "file", filename: "a.txt", contentType: "text/plain", size, sha256 };
}

/** Claims what is first and completes it with one output, now. */
async function completeNext(content: string): Promise<{ readonly fileId: string }> {
  const claimed = await jobs.claim({ owner: "me", leaseMs: 60_000, nowMs: clock.now() });
  if (claimed === null) throw new Error("nothing to claim");
  const fileId = await put(content);
  await jobs.complete(claimed.lease, { completedAt: clock.now(), outputs: [outputOf(fileId, content.length)], warnings: [], cachedNodes: null });
  return { fileId };
}

async function finished(content: string, parts: Partial<NewJob> = {}): Promise<{ readonly id: string; readonly fileId: string }> {
  const id = await accept(parts);
  return { id, ...(await completeNext(content)) };
}

async function isKept(job: { readonly id: string; readonly fileId: string }): Promise<boolean> {
  const [found, file] = [await jobs.get(job.id), await files.describe(job.fileId)];
  expect(found === null, "job and file go together").toBe(file === null);
  return found !== null;
}

describe("retention", () => {
  it("removes a finished job with its outputs once it is older, and no younger one", async () => {
    const old = await finished("old");
    clock.advance(dayMs);
    const young = await finished("young");
    clock.advance(weekMs - dayMs);
    await sweep();
    expect([await jobs.get(old.id) !== null, await jobs.get(young.id) !== null]).toEqual([true, true]);
    clock.advance(1);
    await sweep();
    expect([await isKept(old), await isKept(young)]).toEqual([false, true]);
    expect(await jobs.readEvents({ jobId: old.id, afterId: 0, limit: 10 })).toEqual([]);
  });

  it("counts from the end of a job, and never removes one that has none", async () => {
    const waiting = await accept();
    const running = await accept();
    clock.advance(10 * weekMs);
    const late = await completeNext("late");
    await jobs.claim({ owner: "me", leaseMs: 60_000, nowMs: clock.now() });
    clock.advance(dayMs);
    await sweep();
    expect([await isKept({ id: waiting, ...late }), (await jobs.get(running))?.status]).toEqual([true, "queued"]);
  });

  it("never removes a job whose webhook is still to be delivered", async () => {
    const job = await finished("told", { webhookUrl: "https://example.com/hook" });
    clock.advance(2 * weekMs);
    await sweep();
    expect(await jobs.get(job.id)).not.toBeNull();
    const message = await jobs.claimWebhook({ nowMs: clock.now(), leaseMs: 60_000 });
    if (message === null) throw new Error("no webhook is due");
    await jobs.recordDelivery({
      id: message.id, token: message.token, at: clock.now(), statusCode: 204, error: null, durationMs: 1, next: { state: "delivered" },
    });
    await sweep();
    expect(await isKept(job)).toBe(false);
  });

  it("keeps everything for ever when there is none", async () => {
    const job = await finished("kept");
    await put("never used");
    clock.advance(1000 * weekMs);
    await sweep({ retentionMs: null });
    expect(await isKept(job)).toBe(true);
    expect(await files.usage()).toBe("kept".length + "never used".length);
  });
});

describe("files", () => {
  it("stay while any job needs them, as output or as input", async () => {
    const first = await finished("shared");
    const second = await finished("shared");
    const input = await put("input");
    const waiting = await accept({ files: [{ fileId: input, name: "comfyui-api/input.bin" }] });
    clock.advance(weekMs + 1);
    const user = await accept({ files: [{ fileId: second.fileId, name: "comfyui-api/shared.bin" }] });
    await sweep();
    expect([await jobs.get(first.id), await jobs.get(second.id)]).toEqual([null, null]);
    expect((await buffer(await files.read(first.fileId))).toString()).toBe("shared");
    expect((await buffer(await files.read(input))).toString()).toBe("input");
    expect([(await jobs.get(waiting))?.status, (await jobs.get(user))?.status]).toEqual(["queued", "queued"]);
  });

  it("that were uploaded and never used go when retention ends, counted from the last upload or look", async () => {
    const [never, again] = [await put("never"), await put("again")];
    clock.advance(weekMs - dayMs);
    await put("again");
    clock.advance(dayMs + 1);
    await sweep();
    expect(await files.describe(never)).toBeNull();
    expect(await files.describe(again)).not.toBeNull();
  });

  it("that were asked for within the hour outlive their job, for they may be on the way into another", async () => {
    const job = await finished("wanted");
    clock.advance(weekMs + 1);
    await files.describe(job.fileId);
    await sweep();
    expect(await jobs.get(job.id)).toBeNull();
    expect((await buffer(await files.read(job.fileId))).toString()).toBe("wanted");
    clock.advance(2 * weekMs);
    await sweep();
    expect(await files.describe(job.fileId)).toBeNull();
  });

  it("are read to their end by who has begun", async () => {
    const job = await finished("0123456789");
    const stream = await files.read(job.fileId);
    clock.advance(weekMs + 1);
    await sweep();
    expect(await isKept(job)).toBe(false);
    expect((await buffer(stream)).toString()).toBe("0123456789");
  });
});

describe("the bound of storage", () => {
  it("removes the jobs that finished first, and no more than it takes", async () => {
    const made = [];
    for (const content of ["a".repeat(100), "b".repeat(100), "c".repeat(100), "d".repeat(100)]) {
      made.push(await finished(content));
      clock.advance(2 * hourMs);
    }
    const unfinished = await accept();
    await sweep({ maxStorageBytes: 250 });
    expect(await Promise.all(made.map(async ({ id }) => (await jobs.get(id)) !== null))).toEqual([false, false, true, true]);
    expect(await files.usage()).toBe(200);
    expect(await jobs.get(unfinished)).not.toBeNull();
  });

  it("removes nothing below it", async () => {
    const job = await finished("a".repeat(100));
    clock.advance(dayMs);
    await sweep({ maxStorageBytes: 100 });
    expect(await isKept(job)).toBe(true);
  });

  it("removes files that no job needs in their turn: those unused since before the oldest job ended", async () => {
    await put("u".repeat(100));
    clock.advance(2 * hourMs);
    const job = await finished("a".repeat(100));
    clock.advance(2 * hourMs);
    await sweep({ maxStorageBytes: 150 });
    expect(await isKept(job)).toBe(true);
    expect(await files.usage()).toBe(100);
  });

  it("holds without retention, and gives up where only unfinished jobs are left", async () => {
    const input = await put("i".repeat(100));
    await accept({ files: [{ fileId: input, name: "comfyui-api/input.bin" }] });
    clock.advance(dayMs);
    await sweep({ retentionMs: null, maxStorageBytes: 10 });
    expect(await files.describe(input)).not.toBeNull();
  });
});

describe("ComfyUI's copies", () => {
  it("go with their job", async () => {
    const [old, young] = [await finished("old"), "young"];
    for (const id of [old.id, young]) {
      await mkdir(join(dir, "output", "comfyui-api", id), { recursive: true });
      await writeFile(join(dir, "output", "comfyui-api", id, "a_00001_.png"), "");
    }
    clock.advance(weekMs + 1);
    await sweep({ comfyuiOutputDir: join(dir, "output") });
    expect(await readdir(join(dir, "output", "comfyui-api"))).toEqual(["young"]);
  });

  it("do not keep a job when they cannot be reached", async () => {
    const job = await finished("x");
    clock.advance(weekMs + 1);
    await sweep({ comfyuiOutputDir: join(dir, "nowhere") });
    expect(await isKept(job)).toBe(false);
  });
});

describe("the worker", () => {
  it("does a bounded piece of work in a tick, and comes back for the rest", async () => {
    for (let index = 0; index < 60; index += 1) await finished(`content ${index}`);
    clock.advance(weekMs + 1);
    const worker = upkeep();
    expect(await worker.tick()).toBe(true);
    expect((await jobs.listRemovable({ completedBefore: Number.POSITIVE_INFINITY, limit: 100 })).length).toBe(10);
    expect(await worker.tick()).toBe(false);
    expect((await jobs.listJobs({ limit: 1 })).items).toEqual([]);
  });

  it("ticks from start to stop, a minute apart, and leaves no timer", async () => {
    const worker = upkeep();
    worker.start();
    clock.advance(0);
    await vi.waitFor(() => expect(clock.pendingTimers).toBe(1), soon);
    const job = await finished("x");
    clock.advance(weekMs + 1);
    await vi.waitFor(async () => expect(await jobs.get(job.id)).toBeNull(), soon);
    await worker.stop();
    expect(clock.pendingTimers).toBe(0);
  });

  it("goes on after the store has refused", async () => {
    const job = await finished("x");
    let refusals = 1;
    const refusing: typeof jobs.listRemovable = (params) => (refusals-- > 0 ? Promise.reject(new Error("disk full")) : jobs.listRemovable(params));
    const worker = new Upkeep({
      jobs: {
        listRemovable: refusing,
        remove: (params) => jobs.remove(params),
        referencedFiles: (ids) => jobs.referencedFiles(ids),
        forgetFileOwners: (ids) => jobs.forgetFileOwners(ids),
        removeExpiredKeys: (nowMs) => jobs.removeExpiredKeys(nowMs),
      },
      files,
      clock,
      logger: silentLogger,
      rules: { retentionMs: weekMs, maxStorageBytes: null, comfyuiOutputDir: null },
    });
    clock.advance(weekMs + 1);
    worker.start();
    clock.advance(0);
    await vi.waitFor(() => expect(clock.pendingTimers).toBe(1), soon);
    expect(await jobs.get(job.id)).not.toBeNull();
    clock.advance(60_000);
    await vi.waitFor(async () => expect(await jobs.get(job.id)).toBeNull(), soon);
    await worker.stop();
  });
});
