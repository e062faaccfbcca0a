import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { vi } from "vitest";
import { createBackend } from "../../src/comfyui/comfy-backend.ts";
import { type DemoComfyui, startDemoComfyui } from "../../src/demo/demo-comfyui.ts";
import { JobHub } from "../../src/events/job-hub.ts";
import { openDiskFileStore } from "../../src/files/disk-file-store.ts";
import type { Graph } from "../../src/graph/graph.ts";
import type { Job, NewJob } from "../../src/job/job.ts";
import type { JobStore } from "../../src/job/job-store.ts";
import { newJob } from "../../src/job/new-job.ts";
import { Runner } from "../../src/runner/runner.ts";
import { openSqliteStore } from "../../src/store/sqlite/sqlite-store.ts";
import { noCheckpoint } from "../../src/telemetry/checkpoint.ts";
import { systemClock } from "../../src/telemetry/clock.ts";
import { HeldClock } from "../../src/telemetry/held-clock.ts";
import { noWatch } from "../../src/telemetry/job-watch.ts";
import { silentLogger } from "../../src/telemetry/logger.ts";
import { patience } from "./client.ts";
import type { Surroundings } from "./host.ts";

export const leaseMs = 30_000;

/** Store and runner under a clock that the test holds, beside the ComfyUI stand-in, which keeps its own time. Ends with the test. */
export class HeldGateway {
  readonly clock = new HeldClock();
  readonly hub = new JobHub();
  readonly demo: DemoComfyui;
  readonly jobs: JobStore;

  private constructor(demo: DemoComfyui, jobs: JobStore) {
    this.demo = demo;
    this.jobs = jobs;
  }

  static async start({ onTestFinished }: Surroundings, params: { readonly prefetch?: number } = {}): Promise<HeldGateway> {
    const folder = await mkdtemp(join(tmpdir(), "held-gateway-"));
    const demo = await startDemoComfyui();
    const jobs = await openSqliteStore({ path: join(folder, "jobs.db") });
    const files = await openDiskFileStore({ dir: join(folder, "files") });
    const gateway = new HeldGateway(demo, jobs);
    const backend = createBackend({ url: demo.url, clock: systemClock, logger: silentLogger });
    backend.start();
    const { hub, clock } = gateway;
    const runner = new Runner({
      jobs,
      hub,
      backend,
      files,
      clock,
      logger: silentLogger,
      checkpoint: noCheckpoint,
      watch: noWatch,
      owner: randomUUID(),
      newPromptId: () => randomUUID(),
      leaseMs,
      prefetch: params.prefetch ?? 1,
    });
    await runner.start();
    onTestFinished(async () => {
      let isStopped = false;
      const stopping = runner.stop({ drainMs: 0 }).finally(() => {
        isStopped = true;
      });
      await vi.waitFor(() => {
        clock.advance(1000);
        if (!isStopped) throw new Error("the runner does not stop");
      }, patience);
      await stopping;
      await backend.stop();
      await demo.stop();
      await jobs.close();
      await rm(folder, { recursive: true });
    });
    return gateway;
  }

  async submit(graph: Graph, parts: Partial<NewJob> = {}): Promise<string> {
    const limits = { owner: null, startTimeoutMs: null, runTimeoutMs: null, webhookUrl: null };
    const base = { id: randomUUID(), workflow: null, priority: "normal" as const, inputs: {}, graph, files: [], origins: {}, createdAt: this.clock.now() };
    const job = newJob({ ...base, ...limits, ...parts });
    await this.jobs.insert(job, { maxQueued: 1000 });
    this.hub.queued();
    return job.id;
  }

  /** The job once it looks as `condition` says, while time goes on. */
  async until(id: string, condition: (job: Job) => boolean): Promise<Job> {
    return vi.waitFor(async () => {
      this.clock.advance(100);
      const job = await this.jobs.get(id);
      if (job === null || !condition(job)) throw new Error(`the job is not there yet: ${job?.status} ${job?.attempt}`);
      return job;
    }, patience);
  }

  /** Lets time go on by seconds, and each second do its work. */
  async pass(seconds: number): Promise<void> {
    for (let second = 0; second < seconds; second += 1) {
      this.clock.advance(1000);
      // The store writes in order: what this second began there has been written before this is.
      await this.jobs.ping();
      await fetch(`${this.demo.url}/queue`);
    }
  }
}
