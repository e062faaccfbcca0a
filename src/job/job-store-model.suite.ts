import { deepStrictEqual, ok } from "node:assert/strict";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { eventData } from "./event-data.ts";
import { exampleJob } from "./example-job.ts";
import { isFinished, priorities, type Job, type JobStatus } from "./job.ts";
import type { ExtendAnswer, JobStore, Lease } from "./job-store.ts";
import { leaseMs, StoreModel, type ModelJob, type Submission } from "./store-model.suite.ts";
import { output, webhookUrl, type StoreTestbed, type StoreUnderTest } from "./store-stage.suite.ts";

const gateways = ["gateway-a", "gateway-b"] as const;
const firstTold = 10;

/** A leased write: made on the store, and on the model when the lease holds there. */
interface Write {
  send(store: JobStore, lease: Lease, nowMs: number): Promise<ExtendAnswer>;
  /** @returns what the store must have answered, when it is not `ok` */
  apply(model: StoreModel, job: ModelJob): ExtendAnswer | void;
}

const warnings = [{ code: "odd", message: "It went on" }];
const finish = (nowMs: number) => ({ completedAt: nowMs, outputs: [output(0), output(1)], warnings, cachedNodes: null });
const error = { code: "comfyui_lost", detail: "gone", errors: [] } as const;
const retryMs = 700;

const writes = {
  extend: {
    send: (store, lease, nowMs) => store.extend(lease, { leaseMs, nowMs }),
    apply: (model, job) => model.extend(job),
  },
  beginAttempt: {
    send: async (store, lease, nowMs) => store.beginAttempt(lease, { promptId: `${lease.jobId}/${((await store.get(lease.jobId))?.attempt ?? 0) + 1}`, nowMs }),
    apply: (model, job) => model.beginAttempt(job),
  },
  markRunning: {
    send: (store, lease, nowMs) => store.markRunning(lease, { startedAt: nowMs, warnings: [] }),
    apply: (model, job) => model.markRunning(job),
  },
  record: {
    send: (store, lease, nowMs) => store.record(lease, { events: [{ type: "progress", data: { percent: 1 } }], progress: null, cachedNodes: 0, nowMs }),
    apply: () => undefined,
  },
  complete: {
    send: (store, lease, nowMs) => store.complete(lease, finish(nowMs)),
    apply: (model, job) => model.finish(job, "completed", 2),
  },
  fail: {
    send: (store, lease, nowMs) => store.fail(lease, { ...finish(nowMs), outputs: [], error }),
    apply: (model, job) => model.finish(job, "failed", 0),
  },
  cancel: {
    send: (store, lease, nowMs) => store.cancel(lease, { ...finish(nowMs), outputs: [output(0)] }),
    apply: (model, job) => model.finish(job, "cancelled", 1),
  },
  giveBack: {
    send: (store, lease, nowMs) => store.release(lease, { attemptMade: false, error: null, notBefore: null, nowMs }),
    apply: (model, job) => model.release(job, { attemptMade: false, notBefore: null }),
  },
  retry: {
    send: (store, lease, nowMs) => store.release(lease, { attemptMade: true, error, notBefore: nowMs + retryMs, nowMs }),
    apply: (model, job) => model.release(job, { attemptMade: true, notBefore: model.nowMs + retryMs }),
  },
} as const satisfies Record<string, Write>;

const writeNames = [
  "extend", "beginAttempt", "markRunning", "record", "complete", "fail", "cancel", "giveBack", "retry",
] as const satisfies readonly (keyof typeof writes)[];

type Step =
  | { readonly do: "submit"; readonly submission: Submission }
  | { readonly do: "claim"; readonly gateway: string; readonly begins: boolean }
  /** `pick` chooses among all leases ever given, so that stale ones are used too. */
  | { readonly do: "write"; readonly write: (typeof writeNames)[number]; readonly pick: number }
  /** `pick` chooses among all jobs, and one that never was. */
  | { readonly do: "requestCancel"; readonly pick: number }
  | { readonly do: "expire" }
  | { readonly do: "wait"; readonly ms: number }
  | { readonly do: "orphan"; readonly exceptOwner: string }
  | { readonly do: "crash" };

const submission: fc.Arbitrary<Submission> = fc.record({
  owner: fc.constantFrom("key-1", "key-2", null),
  // Mostly one: the order within a priority has more to get wrong than that between them.
  priority: fc.constantFrom(...priorities, "normal", "normal", "normal"),
  startTimeoutMs: fc.constantFrom(null, leaseMs, 2 * leaseMs),
  webhook: fc.boolean(),
});

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant("submit"), submission }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant("claim"), gateway: fc.constantFrom(...gateways), begins: fc.boolean() }) },
  { weight: 12, arbitrary: fc.record({ do: fc.constant("write"), write: fc.constantFrom(...writeNames), pick: fc.nat(20) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("requestCancel"), pick: fc.nat(20) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("expire") }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("wait"), ms: fc.constantFrom(1, retryMs, leaseMs - 1, leaseMs, 3 * leaseMs) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("orphan"), exceptOwner: fc.constantFrom(...gateways) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("crash") }) },
);

/** One history, on a store and on the model side by side. */
class History {
  readonly #model: StoreModel;
  readonly #leases: Lease[] = [];
  readonly #finished = new Map<string, Job>();
  #under: StoreUnderTest;

  constructor(model: StoreModel, under: StoreUnderTest) {
    this.#model = model;
    this.#under = under;
  }

  async dispose(): Promise<void> {
    await this.#under.dispose();
  }

  async take(taken: Step): Promise<void> {
    const queueChanged = await this.#apply(taken);
    await this.#expectSameJobs();
    await this.#expectSoundEvents();
    if (queueChanged) await this.#expectPlacesTold();
  }

  /** @returns whether those who wait must have been told their new places */
  async #apply(taken: Step): Promise<boolean> {
    const model = this.#model;
    const { store } = this.#under;
    switch (taken.do) {
      case "submit": {
        const { webhook, ...parts } = taken.submission;
        const id = `job-${model.jobs.length}`;
        const job = { ...exampleJob({ id, ...parts, createdAt: model.nowMs, webhookUrl: webhook ? webhookUrl : null }) };
        const { outcome } = await store.insert(job, { maxQueued: Infinity });
        deepStrictEqual(outcome, "inserted");
        model.insert(id, taken.submission);
        return true;
      }
      case "claim":
        return this.#claim(taken.gateway, taken.begins);
      case "write": {
        const lease = this.#leases[taken.pick % this.#leases.length];
        if (lease === undefined) return false;
        const write: Write = writes[taken.write];
        const holder = model.holderOf(lease);
        const answer = await write.send(store, lease, model.nowMs);
        deepStrictEqual(answer, holder === undefined ? "lease-lost" : (write.apply(model, holder) ?? "ok"), taken.write);
        return holder !== undefined && ["complete", "fail", "cancel", "giveBack", "retry"].includes(taken.write);
      }
      case "requestCancel": {
        const job = model.jobs[taken.pick];
        const answer = await store.requestCancel({ jobId: job?.id ?? "nobody", nowMs: model.nowMs });
        deepStrictEqual(answer, model.requestCancel(job));
        return answer === "cancelled";
      }
      case "expire": {
        const expired = await store.expireQueued({ nowMs: model.nowMs });
        deepStrictEqual(expired, model.expire());
        return expired.length > 0;
      }
      case "wait":
        model.nowMs += taken.ms;
        return false;
      case "orphan": {
        const ended = await store.orphan({ exceptOwner: taken.exceptOwner });
        deepStrictEqual(ended, model.orphan(taken.exceptOwner));
        return ended > 0;
      }
      case "crash":
        this.#under = await this.#under.reopen();
        return false;
    }
  }

  async #claim(gateway: string, begins: boolean): Promise<boolean> {
    const model = this.#model;
    const expected = model.nextClaim();
    const begin = { newPromptId: () => `${expected?.id}/${(expected?.attempt ?? 0) + 1}` };
    deepStrictEqual(await this.#under.store.countClaimable({ nowMs: model.nowMs, limit: 1 }), expected === undefined ? 0 : 1);
    const claimed = await this.#under.store.claim({ owner: gateway, leaseMs, nowMs: model.nowMs, ...(begins ? { begin } : {}) });
    deepStrictEqual(claimed?.job.id, expected?.id);
    if (claimed === null || expected === undefined) return false;
    ok(this.#leases.every(({ token }) => token !== claimed.lease.token), "a token was given twice");
    model.claim(expected, gateway, claimed.lease.token);
    const begun = begins && expected.promptId === null && !expected.cancelRequested;
    deepStrictEqual(claimed.begun, begun);
    if (begun) model.beginAttempt(expected);
    this.#leases.push(claimed.lease);
    return true;
  }

  /** No job lost, each as the model has it and in its exact place, and a finished one never changed. */
  async #expectSameJobs(): Promise<void> {
    const model = this.#model;
    const { store } = this.#under;
    for (const expected of model.jobs) {
      const job = await store.get(expected.id);
      if (job === null) throw new Error(`${expected.id} is lost`);
      const { status, attempt, promptId, outputs, notBefore, cancelRequested } = expected;
      deepStrictEqual(
        { status: job.status, attempt: job.attempt, attempts: job.attempts.map(({ number }) => number), outputs: job.outputs.length, notBefore: job.notBefore,
          cancelRequested: job.cancelRequestedAt !== null, promptId: job.promptId },
        { status, attempt, attempts: Array.from({ length: attempt }, (_, at) => at + 1), outputs, notBefore, cancelRequested, promptId },
        expected.id,
      );
      deepStrictEqual(await store.queuePosition(expected.id), model.positionOf(expected));
      const asFinished = this.#finished.get(job.id);
      if (asFinished !== undefined) deepStrictEqual(job, asFinished);
      else if (isFinished(job.status)) this.#finished.set(job.id, job);
      const log = await store.listDeliveries(job.id);
      deepStrictEqual(log !== null, expected.webhook && isFinished(status), "one message for each finished job that wants one");
    }
    const count = (status: JobStatus): number => model.jobs.filter((job) => job.status === status).length;
    const claimed = model.jobs.filter(({ lease, status }) => lease !== null && status === "queued").length;
    deepStrictEqual(await store.counts(), { queued: count("queued"), running: count("running"), claimed });
    const { items } = await store.listJobs({ limit: 200 });
    deepStrictEqual(items.map(({ id }) => id), model.jobs.map(({ id }) => id).toReversed());
  }

  /** Each job's events without a hole, its last the one end it has, and all of them in the common log. */
  async #expectSoundEvents(): Promise<void> {
    const { store } = this.#under;
    const all = await store.readAllEvents({ afterSeq: 0, limit: 1000 });
    deepStrictEqual(all.map(({ seq }) => seq), all.map(({ seq }) => seq).toSorted((a, b) => a - b));
    deepStrictEqual(await store.lastEventSeq(), all.at(-1)?.seq ?? 0);
    for (const { id, status, outputs } of this.#model.jobs) {
      const events = await store.readEvents({ jobId: id, afterId: 0, limit: 1000 });
      deepStrictEqual(events, all.filter(({ jobId }) => jobId === id));
      deepStrictEqual(events.map((event) => event.id), events.map((_, at) => at + 1));
      const ends = events.filter(({ type }) => type === "completed" || type === "failed" || type === "cancelled");
      deepStrictEqual(ends.map(({ type }) => type), isFinished(status) ? [status] : []);
      if (isFinished(status)) deepStrictEqual(events.at(-1), ends[0]);
      deepStrictEqual(events.filter(({ type }) => type === "output").length, outputs);
    }
  }

  async #expectPlacesTold(): Promise<void> {
    for (const job of this.#model.waiting().slice(0, firstTold)) {
      const events = await this.#under.store.readEvents({ jobId: job.id, afterId: 0, limit: 1000 });
      const told = events.findLast(({ type }) => type === "queued" || type === "position");
      deepStrictEqual(told?.data, eventData.place(this.#model.positionOf(job) ?? -1), `${job.id} was told its place`);
    }
  }
}

/**
 * Random histories, against a model: one owner for each job, none lost, finished ones fixed, places and events exact.
 * A failure names its seed, and the shortest history that fails.
 */
export function describeJobStoreModel(name: string, testbed: StoreTestbed): void {
  describe(`the ${name} store and its model`, () => {
    it("agree after every step of any history", async () => {
      const histories = fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 60, size: "max" }), async (steps) => {
          const model = new StoreModel();
          const history = new History(model, await testbed.open({ now: () => model.nowMs }));
          try {
            for (const taken of steps) await history.take(taken);
          } finally {
            await history.dispose();
          }
        }),
        { numRuns: 50 },
      );
      await expect(histories).resolves.toBeUndefined();
    }, 60_000);
  });
}
