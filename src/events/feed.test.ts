import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { JobStore, Lease } from "../job/job-store.ts";
import { openSqliteStore } from "../store/sqlite/sqlite-store.ts";
import { HeldClock } from "../telemetry/held-clock.ts";
import { endsJob, followAll, followJob, type FeedItem } from "./feed.ts";
import { JobHub } from "./job-hub.ts";

const clock = new HeldClock();

let dir: string;
let jobs: JobStore;
let hub: JobHub;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "comfyui-api-feed-"));
  jobs = await openSqliteStore({ path: join(dir, "jobs.sqlite"), clock });
  hub = new JobHub();
});

afterEach(async () => {
  await jobs.close();
  await rm(dir, { recursive: true });
});

async function submit(id: string): Promise<void> {
  const graph = { "1": { class_type: "Draw", inputs: {} } };
  const rest = { owner: null, workflow: null, priority: "normal", inputs: {}, graph, files: [], origins: {} } as const;
  await jobs.insert({ id, ...rest, createdAt: clock.now(), startTimeoutMs: null, runTimeoutMs: null, webhookUrl: null }, { maxQueued: 1000 });
  hub.changed(id);
  hub.queued();
}

async function run(): Promise<{ id: string; lease: Lease }> {
  const claimed = await jobs.claim({ owner: "test", leaseMs: 60_000, nowMs: clock.now() });
  if (claimed === null) throw new Error("there was nothing to claim");
  hub.queueMoved();
  await jobs.beginAttempt(claimed.lease, { promptId: crypto.randomUUID(), nowMs: clock.now() });
  await jobs.markRunning(claimed.lease, { startedAt: clock.now(), warnings: [] });
  hub.changed(claimed.job.id);
  return { id: claimed.job.id, lease: claimed.lease };
}

async function advance({ id, lease }: { id: string; lease: Lease }, count: number): Promise<void> {
  for (let n = 0; n < count; n += 1) {
    await jobs.record(lease, { events: [{ type: "progress", data: { percent: n } }], progress: null, cachedNodes: null, nowMs: clock.now() });
    hub.changed(id);
  }
}

async function complete({ id, lease }: { id: string; lease: Lease }): Promise<void> {
  await jobs.complete(lease, { completedAt: clock.now(), outputs: [], warnings: [], cachedNodes: null });
  hub.changed(id);
}

function told(item: FeedItem): string {
  return item.kind === "event" ? `${item.event.jobId} ${item.event.id} ${item.event.type}` : `${item.jobId} preview ${item.preview.nodeId}`;
}

/** Reads a feed to its end, as fast as it can. */
async function readAll(feed: AsyncIterable<FeedItem>): Promise<string[]> {
  const seen: string[] = [];
  for await (const item of feed) seen.push(told(item));
  return seen;
}

function follow(jobId: string, afterId = 0, signal = new AbortController().signal): AsyncGenerator<FeedItem, void> {
  return followJob({ jobs, hub }, { jobId, afterId, signal });
}

async function next(feed: AsyncGenerator<FeedItem, void>): Promise<string> {
  const { value, done } = await feed.next();
  return done === true ? "end" : told(value);
}

const preview = { nodeId: "3", contentType: "image/png", image: new Uint8Array([1]) };

describe("followJob", () => {
  it("tells what happened before and what happens then, each once and in order, and ends with the job", async () => {
    await submit("a");
    const feed = follow("a");
    expect(await next(feed)).toBe("a 1 queued");
    const later = readAll(feed);
    const job = await run();
    await advance(job, 250);
    await complete(job);
    const seen = await later;
    expect(seen.map((line) => Number(line.split(" ")[1]))).toEqual(Array.from({ length: 252 }, (_, n) => n + 2));
    expect([seen[0], seen.at(-1)]).toEqual(["a 2 started", "a 253 completed"]);
    expect(hub.size).toBe(0);
  });

  it("begins after the event that was read last", async () => {
    await submit("a");
    await complete(await run());
    expect(await readAll(follow("a", 1))).toEqual(["a 2 started", "a 3 completed"]);
  });

  it("tells a waiting job of its new place when another is claimed", async () => {
    await submit("a");
    await submit("b");
    const feed = follow("b");
    expect(await next(feed)).toBe("b 1 queued");
    const position = next(feed);
    await run();
    expect(await position).toBe("b 2 position");
    await feed.return();
  });

  it("tells the newest preview only, and after the events before it", async () => {
    await submit("a");
    const job = await run();
    hub.preview("a", preview);
    hub.preview("a", { ...preview, nodeId: "4" });
    const feed = follow("a");
    expect([await next(feed), await next(feed), await next(feed)]).toEqual(["a 1 queued", "a 2 started", "a preview 4"]);
    const last = next(feed);
    await complete(job);
    expect(await last).toBe("a 3 completed");
    expect(await next(feed)).toBe("end");
  });

  it("ends when it is told to, once all that has happened is told", async () => {
    await submit("a");
    const stop = new AbortController();
    const all = readAll(follow("a", 0, stop.signal));
    stop.abort();
    expect(await all).toEqual(["a 1 queued"]);
    expect(hub.size).toBe(0);
  });

  it("leaves no listener when its reader goes away in the middle", async () => {
    await submit("a");
    const feed = follow("a");
    await next(feed);
    expect(hub.size).toBe(2);
    await feed.return();
    expect(hub.size).toBe(0);
  });

  it("reads nothing for a reader that asks for nothing", async () => {
    await submit("a");
    let reads = 0;
    const counting = { readAllEvents: jobs.readAllEvents.bind(jobs), readEvents: (query: Parameters<JobStore["readEvents"]>[0]) => {
      reads += 1;
      return jobs.readEvents(query);
    } };
    const feed = followJob({ jobs: counting, hub }, { jobId: "a", afterId: 0, signal: new AbortController().signal });
    await next(feed);
    await advance(await run(), 50);
    expect(reads).toBe(1);
    await feed.return();
  });
});

describe("followAll", () => {
  it("tells the events of all jobs in one order, from a seq on", async () => {
    await submit("a");
    const afterSeq = await jobs.lastEventSeq();
    await submit("b");
    const stop = new AbortController();
    const all = readAll(followAll({ jobs, hub }, { afterSeq, signal: stop.signal }));
    const job = await run();
    await complete(job);
    stop.abort();
    expect(await all).toEqual(["b 1 queued", "b 2 position", "a 2 started", "a 3 completed"]);
    expect(hub.size).toBe(0);
  });
});

it.each([["completed", true], ["failed", true], ["cancelled", true], ["queued", false], ["retrying", false], ["output", false]] as const)("%s ends a job: %s", (type, ends) => {
  expect(endsJob(type)).toBe(ends);
});
