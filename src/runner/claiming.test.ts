import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Backend } from "../comfyui/backend.ts";
import { createBackend } from "../comfyui/comfy-backend.ts";
import { type DemoComfyui, startDemoComfyui } from "../demo/demo-comfyui.ts";
import { JobHub } from "../events/job-hub.ts";
import { openDiskFileStore } from "../files/disk-file-store.ts";
import type { JobStore } from "../job/job-store.ts";
import type { NewJob } from "../job/job.ts";
import { openSqliteStore } from "../store/sqlite/sqlite-store.ts";
import { noCheckpoint } from "../telemetry/checkpoint.ts";
import { systemClock } from "../telemetry/clock.ts";
import { HeldClock } from "../telemetry/held-clock.ts";
import { noWatch } from "../telemetry/job-watch.ts";
import { silentLogger } from "../telemetry/logger.ts";
import { Runner } from "./runner.ts";

const prefetch = 2;

let folder: string;
let demo: DemoComfyui;
let jobs: JobStore;
let backend: Backend;
let runner: Runner;
let hub: JobHub;
let clock: HeldClock;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "claiming-"));
  demo = await startDemoComfyui();
  // Nothing ends by itself.
  demo.faults.holdNode("EmptyImage");
  jobs = await openSqliteStore({ path: join(folder, "jobs.db") });
  hub = new JobHub();
  clock = new HeldClock(Date.now());
  const files = await openDiskFileStore({ dir: join(folder, "files") });
  backend = createBackend({ url: demo.url, clock: systemClock, logger: silentLogger });
  backend.start();
  await new Promise<void>((resolve) => backend.onHealth(({ reachable }) => reachable && resolve()));
  const deps = { jobs, hub, backend, files, clock, logger: silentLogger, checkpoint: noCheckpoint, watch: noWatch };
  runner = new Runner({ ...deps, owner: randomUUID(), newPromptId: () => randomUUID(), leaseMs: 30_000, prefetch });
  await runner.start();
});

afterEach(async () => {
  let isStopped = false;
  const stopping = runner.stop({ drainMs: 0 }).then(() => (isStopped = true));
  await vi.waitUntil(() => {
    clock.advance(1_000);
    return isStopped;
  });
  await stopping;
  await backend.stop();
  await demo.stop();
  await jobs.close();
  await rm(folder, { recursive: true });
});

function newJob(): NewJob {
  const graph = {
    "1": { class_type: "EmptyImage", inputs: { width: 16, height: 16, batch_size: 1, color: 0 } },
    "2": { class_type: "SaveImage", inputs: { images: ["1", 0], filename_prefix: "t" } },
  };
  const limits = { owner: null, startTimeoutMs: null, runTimeoutMs: null, webhookUrl: null };
  return { id: randomUUID(), workflow: null, priority: "normal", inputs: {}, graph, files: [], origins: {}, createdAt: Date.now(), ...limits };
}

/** As a request does it. @returns the attempt that the job is in when its insert is answered, by position */
async function arrive(count: number): Promise<number[]> {
  const arriving = Array.from({ length: count }, () => {
    const job = newJob();
    const inserting = jobs.insert(job, { maxQueued: 100 });
    hub.arriving();
    return inserting.then(() => job.id);
  });
  const ids = await Promise.all(arriving);
  return Promise.all(ids.map(async (id) => (await jobs.get(id))?.attempt ?? -1));
}

it("begins the attempt of a job in the transaction of its insert", async () => {
  expect(await arrive(1)).toEqual([1]);
});

it("claims no more of those that arrive together than there is room for", async () => {
  expect(await arrive(5)).toEqual([1, 1, 1, 0, 0]);
  expect(runner.size).toBe(prefetch + 1);
});

it("leaves the room of a job that was not taken in to one that is", async () => {
  const refusing = jobs.insert(newJob(), { maxQueued: 0 });
  for (let place = 0; place <= prefetch; place += 1) hub.arriving();
  const taken = newJob();
  // Found without a word of it, and long before the runner looks by itself: its clock stands still.
  await jobs.insert(taken, { maxQueued: 100 });
  expect((await refusing).outcome).toBe("full");
  await expect.poll(async () => (await jobs.get(taken.id))?.attempt).toBe(1);
});
