import { afterEach, beforeEach } from "vitest";
import type { JobEvent } from "./event.ts";
import type { Job, JobError, JobOutput, JobProgress, NewJob } from "./job.ts";
import type { ClaimedJob, Finish, JobStore, ListJobs, Release } from "./job-store.ts";

/** A store of the driver under test, and its medium. */
export interface StoreUnderTest {
  readonly store: JobStore;
  /** Closes `store`, and opens the same medium again as a new process would. */
  reopen(): Promise<StoreUnderTest>;
  /** Closes what is open and removes the medium. */
  dispose(): Promise<void>;
}

/** What a driver gives to be tested, as the export `testbed` of `src/store/<driver>/testbed.ts`. */
export interface StoreTestbed {
  /** An empty store that takes the time from `clock`. */
  open(clock: { now(): number }): Promise<StoreUnderTest>;
}

export const leaseMs = 30_000;
export const owner = "gateway-a";
export const webhookUrl = "https://receiver.example/hook";

export const error: JobError = {
  code: "comfyui_node_failed",
  detail: "It broke.",
  errors: [{ pointer: "/seed", message: "bad", node_id: "3", class_type: "KSampler" }],
};

export const progress: JobProgress = {
  percent: 53.3,
  completedNodes: 8,
  totalNodes: 15,
  currentNode: { id: "3", classType: "KSampler", title: "Sampler", step: 9, steps: 20 },
};

export function output(index: number, parts: Partial<JobOutput> = {}): JobOutput {
  return { index, nodeId: "60", kind: "image", filename: `${index}.png`, contentType: "image/png", size: 9, sha256: "cd".repeat(32), ...parts };
}

/** An empty store for each test, a clock that is held, and what most tests begin with. */
export class StoreStage {
  nowMs = 0;
  #numbered = 0;
  #under: StoreUnderTest | null = null;

  constructor(testbed: StoreTestbed) {
    beforeEach(async () => {
      this.nowMs = Date.parse("2026-01-01T00:00:00Z");
      this.#numbered = 0;
      this.#under = await testbed.open({ now: () => this.nowMs });
    });
    afterEach(async () => this.#under?.dispose());
  }

  get store(): JobStore {
    if (this.#under === null) throw new Error("no test is running");
    return this.#under.store;
  }

  async reopen(): Promise<void> {
    this.#under = (await this.#under?.reopen()) ?? null;
  }

  newJob(parts: Partial<NewJob> = {}): NewJob {
    this.#numbered += 1;
    return {
      id: `job-${this.#numbered}`,
      owner: null,
      workflow: "qwen/qwen_base_txt2img",
      priority: "normal",
      inputs: { prompt: "a lake", seed: 18_446_744_073_709_551_615n },
      graph: { "3": { class_type: "KSampler", inputs: { seed: 18_446_744_073_709_551_615n, model: ["4", 0], cfg: 2.5 }, _meta: { title: "Sampler" } } },
      files: [{ fileId: "ab".repeat(32), name: "comfyui-api/ab.png" }],
      origins: { "3/seed": "/seed" },
      createdAt: this.nowMs,
      startTimeoutMs: null,
      runTimeoutMs: null,
      webhookUrl: null,
      ...parts,
    };
  }

  /** Into a queue without bound. */
  async insertOne(job: NewJob): Promise<Job> {
    const answer = await this.store.insert(job, { maxQueued: Infinity });
    if (answer.outcome !== "inserted") throw new Error(`the job was not inserted: ${answer.outcome}`);
    return answer.job;
  }

  /** Jobs named job-1, job-2 and so on. */
  async insert(...parts: readonly Partial<NewJob>[]): Promise<readonly Job[]> {
    const jobs: Job[] = [];
    for (const part of parts) jobs.push(await this.insertOne(this.newJob(part)));
    return jobs;
  }

  async tryClaim(by = owner): Promise<ClaimedJob | null> {
    return this.store.claim({ owner: by, leaseMs, nowMs: this.nowMs });
  }

  async claim(by = owner): Promise<ClaimedJob> {
    const claimed = await this.tryClaim(by);
    if (claimed === null) throw new Error("there was nothing to claim");
    return claimed;
  }

  async claimRunning(by = owner): Promise<ClaimedJob> {
    const claimed = await this.claim(by);
    await this.store.beginAttempt(claimed.lease, { promptId: `prompt-of-${claimed.job.id}`, nowMs: this.nowMs });
    await this.store.markRunning(claimed.lease, { startedAt: this.nowMs, warnings: [] });
    return claimed;
  }

  release(parts: Partial<Release> = {}): Release {
    return { attemptMade: true, error: null, notBefore: null, nowMs: this.nowMs, ...parts };
  }

  finish(parts: Partial<Finish> = {}): Finish {
    return { completedAt: this.nowMs, outputs: [], warnings: [], cachedNodes: null, ...parts };
  }

  async events(jobId: string): Promise<readonly JobEvent[]> {
    return this.store.readEvents({ jobId, afterId: 0, limit: 1000 });
  }

  /** The ids of a whole list, page by page. */
  async allIds(query: ListJobs): Promise<readonly string[]> {
    const ids: string[] = [];
    let cursor: string | null = null;
    do {
      const page = await this.store.listJobs(cursor === null ? query : { ...query, cursor });
      ids.push(...page.items.map(({ id }) => id));
      cursor = page.nextCursor;
    } while (cursor !== null);
    return ids;
  }
}
