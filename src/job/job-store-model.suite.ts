import { deepStrictEqual } from "node:assert/strict";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isFinished, priorities, type Job, type JobStatus, type NewJob, type Priority } from "./job.ts";
import type { JobStore, Lease, LeaseAnswer } from "./job-store.ts";
import type { StoreTestbed } from "./store-stage.suite.ts";

const leaseMs = 1_000;
const owners = ["gateway-a", "gateway-b"] as const;

/** What the model knows of one job. */
interface ModelJob {
  readonly id: string;
  readonly seq: number;
  readonly priority: Priority;
  status: JobStatus;
  attempt: number;
  promptId: string | null;
  outputs: number;
  /** `token` null: its lease was ended by `orphan`, and nobody can write. */
  lease: { token: string | null; owner: string; until: number } | null;
}

/** The store as its interface describes it, in the plainest way. */
class Model {
  readonly jobs: ModelJob[] = [];
  nowMs = 1_000_000;

  insert(id: string, priority: Priority): void {
    this.jobs.push({ id, seq: this.jobs.length, priority, status: "queued", attempt: 0, promptId: null, outputs: 0, lease: null });
  }

  /** Everything that can be claimed, in the order in which it will be. */
  claimable(): readonly ModelJob[] {
    const byTurn = (a: ModelJob, b: ModelJob): number => priorities.indexOf(b.priority) - priorities.indexOf(a.priority) || a.seq - b.seq;
    const orphans = this.jobs.filter(({ lease }) => lease !== null && lease.until <= this.nowMs);
    const waiting = this.jobs.filter(({ lease, status }) => lease === null && status === "queued");
    return [...orphans.sort(byTurn), ...waiting.sort(byTurn)];
  }

  positionOf(job: ModelJob): number | null {
    return job.lease !== null || job.status !== "queued" ? null : this.claimable().indexOf(job);
  }

  holderOf(lease: Lease): ModelJob | undefined {
    return this.jobs.find((job) => job.id === lease.jobId && job.lease?.token === lease.token);
  }
}

/** A leased write, made on the store and on the model. */
interface Write {
  readonly name: string;
  apply(job: ModelJob, nowMs: number): void;
  send(store: JobStore, lease: Lease, nowMs: number): Promise<LeaseAnswer>;
}

const aFinish = { completedAt: 5, warnings: [], cachedNodes: null };
const anOutput = { index: 0, nodeId: "1", kind: "image", filename: "a.png", contentType: "image/png", size: 1, sha256: "0" } as const;

const writes: readonly Write[] = [
  {
    name: "extend",
    apply: (job, nowMs) => {
      if (job.lease !== null) job.lease.until = nowMs + leaseMs;
    },
    send: async (store, lease, nowMs) => store.extend(lease, { leaseMs, nowMs }),
  },
  {
    name: "beginAttempt",
    apply: (job) => {
      job.attempt += 1;
      job.promptId = `${job.id}/${job.attempt}`;
    },
    send: async (store, lease) => store.beginAttempt(lease, { promptId: `${lease.jobId}/${((await store.get(lease.jobId))?.attempt ?? 0) + 1}` }),
  },
  {
    name: "markRunning",
    apply: (job) => {
      job.status = "running";
    },
    send: async (store, lease, nowMs) => store.markRunning(lease, { startedAt: nowMs, warnings: [] }),
  },
  {
    name: "saveProgress",
    apply: () => {},
    send: async (store, lease) =>
      store.saveProgress(lease, { progress: { percent: 1, completedNodes: 0, totalNodes: 1, currentNode: null }, cachedNodes: 0 }),
  },
  {
    name: "complete",
    apply: (job) => {
      Object.assign(job, { status: "completed", outputs: 1, lease: null });
    },
    send: async (store, lease) => store.complete(lease, { ...aFinish, outputs: [anOutput] }),
  },
  {
    name: "fail",
    apply: (job) => {
      Object.assign(job, { status: "failed", lease: null });
    },
    send: async (store, lease) => store.fail(lease, { ...aFinish, outputs: [], error: { code: "comfyui_lost", detail: "gone", errors: [] } }),
  },
  {
    name: "release",
    apply: (job) => {
      Object.assign(job, { status: "queued", promptId: null, lease: null });
    },
    send: async (store, lease) => store.release(lease, { attemptMade: true }),
  },
];

type Step =
  | { readonly do: "insert"; readonly priority: Priority }
  | { readonly do: "claim"; readonly owner: string }
  /** `pick` chooses among all leases ever given, so that stale ones are used too. */
  | { readonly do: "write"; readonly write: number; readonly pick: number }
  | { readonly do: "wait"; readonly ms: number }
  | { readonly do: "orphan"; readonly exceptOwner: string }
  | { readonly do: "reopen" };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant("insert"), priority: fc.constantFrom(...priorities) }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant("claim"), owner: fc.constantFrom(...owners) }) },
  { weight: 10, arbitrary: fc.record({ do: fc.constant("write"), write: fc.nat(writes.length - 1), pick: fc.nat(20) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("wait"), ms: fc.constantFrom(1, leaseMs - 1, leaseMs, 3 * leaseMs) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("orphan"), exceptOwner: fc.constantFrom(...owners) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("reopen") }) },
);

function newJob(id: string, priority: Priority, createdAt: number): NewJob {
  return { id, workflow: null, priority, inputs: {}, graph: { "1": { class_type: "X", inputs: {} } }, files: [], origins: {}, createdAt };
}

async function expectSame(store: JobStore, model: Model, finished: Map<string, Job>): Promise<void> {
  for (const expected of model.jobs) {
    const job = await store.get(expected.id);
    if (job === null) throw new Error(`${expected.id} is lost`);
    deepStrictEqual({ status: job.status, attempt: job.attempt, promptId: job.promptId, outputs: job.outputs.length }, {
      status: expected.status, attempt: expected.attempt, promptId: expected.promptId, outputs: expected.outputs,
    });
    deepStrictEqual(await store.queuePosition(expected.id), model.positionOf(expected));
    const asFinished = finished.get(job.id);
    if (asFinished !== undefined) deepStrictEqual(job, asFinished);
    else if (isFinished(job.status)) finished.set(job.id, job);
  }
  const count = (status: JobStatus): number => model.jobs.filter((job) => job.status === status).length;
  deepStrictEqual(await store.counts(), { queued: count("queued"), running: count("running") });
  const { items } = await store.listJobs({ limit: 200 });
  deepStrictEqual(items.map(({ id }) => id), model.jobs.map(({ id }) => id).toReversed());
}

/** Random histories, against a model: one owner for each job, none lost, finished ones fixed, places exact. */
export function describeJobStoreModel(name: string, testbed: StoreTestbed): void {
  describe(`the ${name} store and its model`, () => {
    it("agree after every step of any history", async () => {
      const histories = fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 40 }), async (steps) => {
          const model = new Model();
          const leases: Lease[] = [];
          const finished = new Map<string, Job>();
          let under = await testbed.open({ now: () => model.nowMs });
          try {
            for (const taken of steps) {
              switch (taken.do) {
                case "insert": {
                  const id = `job-${model.jobs.length}`;
                  await under.store.insert(newJob(id, taken.priority, model.nowMs));
                  model.insert(id, taken.priority);
                  break;
                }
                case "claim": {
                  const claimed = await under.store.claim({ owner: taken.owner, leaseMs, nowMs: model.nowMs });
                  const expected = model.claimable()[0];
                  deepStrictEqual(claimed?.job.id, expected?.id);
                  if (claimed === null || expected === undefined) break;
                  deepStrictEqual(leases.filter(({ token }) => token === claimed.lease.token), []);
                  expected.lease = { token: claimed.lease.token, owner: taken.owner, until: model.nowMs + leaseMs };
                  leases.push(claimed.lease);
                  break;
                }
                case "write": {
                  const lease = leases[taken.pick % leases.length];
                  const write = writes[taken.write];
                  if (lease === undefined || write === undefined) break;
                  const holder = model.holderOf(lease);
                  deepStrictEqual(await write.send(under.store, lease, model.nowMs), holder === undefined ? "lease-lost" : "ok", write.name);
                  if (holder !== undefined) write.apply(holder, model.nowMs);
                  break;
                }
                case "wait":
                  model.nowMs += taken.ms;
                  break;
                case "orphan": {
                  const theirs = model.jobs.filter(({ lease }) => lease !== null && lease.token !== null && lease.owner !== taken.exceptOwner);
                  deepStrictEqual(await under.store.orphan({ exceptOwner: taken.exceptOwner }), theirs.length);
                  for (const job of theirs) job.lease = { token: null, owner: "", until: 0 };
                  break;
                }
                case "reopen":
                  under = await under.reopen();
                  break;
              }
              await expectSame(under.store, model, finished);
            }
          } finally {
            await under.dispose();
          }
        }),
        { numRuns: 60 },
      );
      await expect(histories).resolves.toBeUndefined();
    }, 60_000);
  });
}
