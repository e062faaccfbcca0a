import { describe, expect, it } from "vitest";
import type { NewJob } from "./job.ts";
import { idempotencyKeyMs, type Insert, type InsertAnswer } from "./job-store.ts";
import { error, leaseMs, owner, webhookUrl, type StoreStage } from "./store-stage.suite.ts";

/** Who is let in, whose turn it is, and how a job leaves the queue without a turn. */
export function describeQueue(stage: StoreStage): void {
  const claimAll = async (): Promise<readonly string[]> => {
    const ids: string[] = [];
    for (let claimed = await stage.tryClaim(); claimed !== null; claimed = await stage.tryClaim()) ids.push(claimed.job.id);
    return ids;
  };

  describe("the order of the queue", () => {
    it("lets owners take turns, however many jobs each has, and serves each owner's in their order", async () => {
      const owners = ["a", "a", "a", "a", "b", "b", null];
      await stage.insert(...owners.map((name, at) => ({ id: `${name}-${at}`, owner: name })));
      expect(await claimAll()).toEqual(["a-0", "b-4", "null-6", "a-1", "b-5", "a-2", "a-3"]);
    });

    it("gives a newcomer his turn after one round, not after the backlog, and none for the time he was away", async () => {
      await stage.insert(...Array.from({ length: 6 }, (_, at) => ({ id: `a-${at}`, owner: "a" })));
      for (let turn = 0; turn < 3; turn += 1) await stage.claim();
      await stage.insert({ id: "b-0", owner: "b" }, { id: "b-1", owner: "b" });
      expect(await claimAll()).toEqual(["a-3", "b-0", "a-4", "b-1", "a-5"]);
    });

    it("lets a more urgent job of anyone go first", async () => {
      await stage.insert({ id: "a", owner: "a", priority: "low" }, { id: "b", owner: "b" }, { id: "c", owner: "a", priority: "high" }, { id: "d", owner: "b", priority: "high" });
      expect(await claimAll()).toEqual(["c", "d", "b", "a"]);
    });

    it("never starves a low one: it goes after 500 turns of a steady stream of normal ones", async () => {
      await stage.insert({ id: "low", priority: "low" });
      let turns = 0;
      for (let claimed = ""; claimed !== "low" && turns < 600; turns += 1) {
        await stage.insert({});
        claimed = (await stage.claim()).job.id;
      }
      expect(turns).toBe(501);
    });

    it("is the same after the store was opened again", async () => {
      await stage.insert({ id: "a-0", owner: "a" }, { id: "a-1", owner: "a" }, { id: "a-2", owner: "a" });
      await stage.claim();
      await stage.claim();
      await stage.reopen();
      await stage.insert({ id: "b-0", owner: "b" });
      expect(await claimAll()).toEqual(["a-2", "b-0"]);
    });
  });

  describe("insert into a bounded queue", () => {
    it("takes as many queued jobs as it may, claimed ones among them, and says how many there are when full", async () => {
      await stage.insert({}, {});
      await stage.claim();
      const refused = stage.newJob();
      expect(await stage.store.insert(refused, { maxQueued: 2 })).toEqual({ outcome: "full", queued: 2 });
      expect(await stage.store.get(refused.id)).toBeNull();
      expect(await stage.store.insert(refused, { maxQueued: 3 })).toMatchObject({ outcome: "inserted" });
    });

    it("has room again once a job runs", async () => {
      await stage.insert({});
      expect(await stage.store.insert(stage.newJob(), { maxQueued: 1 })).toMatchObject({ outcome: "full" });
      await stage.claimRunning();
      expect(await stage.store.insert(stage.newJob(), { maxQueued: 1 })).toMatchObject({ outcome: "inserted" });
    });
  });

  describe("insert with an idempotency key", () => {
    const send = async (job: Partial<NewJob>, idempotency: Insert["idempotency"], maxQueued = Infinity): Promise<InsertAnswer> =>
      stage.store.insert(stage.newJob(job), { maxQueued, ...(idempotency === undefined ? {} : { idempotency }) });
    const key = { key: "k", fingerprint: "f" };

    it("gives back the first job, as it is now, for the same request", async () => {
      await send({ id: "first" }, key);
      await stage.claimRunning();
      expect(await send({ id: "second" }, key)).toEqual({ outcome: "replayed", job: await stage.store.get("first") });
      expect(await stage.store.get("second")).toBeNull();
    });

    it("replays on a full queue too", async () => {
      await send({ id: "first" }, key);
      expect(await send({}, key, 1)).toMatchObject({ outcome: "replayed", job: { id: "first" } });
    });

    it("refuses another request under the same key", async () => {
      await send({}, key);
      expect(await send({ id: "second" }, { key: "k", fingerprint: "g" })).toEqual({ outcome: "conflict" });
      expect(await stage.store.get("second")).toBeNull();
    });

    it("keeps the keys of each owner apart, the nameless and the empty name among them", async () => {
      for (const name of ["a", "b", null, ""]) expect(await send({ owner: name }, key)).toMatchObject({ outcome: "inserted" });
      for (const name of ["a", "b", null, ""]) expect(await send({ owner: name }, key)).toMatchObject({ outcome: "replayed", job: { owner: name } });
    });

    it("makes a new job once the key has run out, and remembers that one", async () => {
      await send({ id: "first" }, key);
      stage.nowMs += idempotencyKeyMs - 1;
      expect(await send({}, key)).toMatchObject({ outcome: "replayed" });
      stage.nowMs += 1;
      expect(await send({ id: "second" }, { key: "k", fingerprint: "g" })).toMatchObject({ outcome: "inserted" });
      expect(await send({}, { key: "k", fingerprint: "g" })).toMatchObject({ outcome: "replayed", job: { id: "second" } });
    });

    it("is found beforehand by the same rules", async () => {
      const find = async (name: string | null): Promise<string | undefined> =>
        (await stage.store.findIdempotent({ owner: name, key: "k", nowMs: stage.nowMs }))?.job.id;
      expect(await find("a")).toBeUndefined();
      await send({ id: "first", owner: "a" }, key);
      expect(await stage.store.findIdempotent({ owner: "a", key: "k", nowMs: stage.nowMs })).toMatchObject({ fingerprint: "f", job: { id: "first" } });
      expect(await find(null)).toBeUndefined();
      await stage.reopen();
      expect(await find("a")).toBe("first");
      stage.nowMs += idempotencyKeyMs;
      expect(await find("a")).toBeUndefined();
    });
  });

  describe("a job that is to be retried later", () => {
    it("is passed over until its time, keeps its place, and is counted meanwhile", async () => {
      await stage.insert({}, {}, {});
      await stage.store.release((await stage.claim()).lease, stage.release({ error, notBefore: stage.nowMs + 1_000 }));
      expect(await stage.store.get("job-1")).toMatchObject({ notBefore: stage.nowMs + 1_000 });
      expect(await stage.store.queuePosition("job-1")).toBe(0);
      expect(await stage.store.queuePosition("job-2")).toBe(1);
      expect((await stage.claim()).job.id).toBe("job-2");
      stage.nowMs += 1_000;
      expect((await stage.claim()).job).toMatchObject({ id: "job-1", notBefore: null });
    });

    it("is never claimed when it alone is there before its time, also after the store was opened again", async () => {
      await stage.insert({});
      await stage.store.release((await stage.claim()).lease, stage.release({ notBefore: stage.nowMs + 1 }));
      await stage.reopen();
      expect(await stage.tryClaim()).toBeNull();
    });
  });

  describe("nextWake", () => {
    it("tells the next retry and the next start deadline, whichever is earlier", async () => {
      const wake = async (): Promise<number | null> => stage.store.nextWake({ nowMs: stage.nowMs });
      expect(await wake()).toBeNull();
      await stage.insert({}, { startTimeoutMs: 500 });
      expect(await wake()).toBe(stage.nowMs + 500);
      const { lease } = await stage.claim();
      await stage.store.release(lease, stage.release({ notBefore: stage.nowMs + 100 }));
      expect(await wake()).toBe(stage.nowMs + 100);
      stage.nowMs += 100;
      expect(await wake()).toBe(stage.nowMs + 400);
      stage.nowMs += 1_000;
      expect(await wake()).toBe(stage.nowMs - 600);
      await stage.store.expireQueued({ nowMs: stage.nowMs });
      expect(await wake()).toBeNull();
    });
  });

  describe("expireQueued", () => {
    it("fails those that waited too long, from the millisecond on, and no others", async () => {
      await stage.insert({ startTimeoutMs: 1_000, webhookUrl }, { startTimeoutMs: 1_001 }, {});
      stage.nowMs += 999;
      expect(await stage.store.expireQueued({ nowMs: stage.nowMs })).toEqual([]);
      stage.nowMs += 1;
      expect(await stage.store.expireQueued({ nowMs: stage.nowMs })).toEqual(["job-1"]);
      expect(await stage.store.get("job-1")).toMatchObject({ status: "failed", completedAt: stage.nowMs, error: { code: "start_timeout" } });
      expect((await stage.events("job-1")).map(({ type }) => type)).toEqual(["queued", "failed"]);
      expect(await stage.store.listDeliveries("job-1")).toMatchObject({ state: "pending" });
      expect(await stage.store.queuePosition("job-3")).toBe(1);
      expect(await stage.store.expireQueued({ nowMs: stage.nowMs })).toEqual([]);
    });

    it("leaves a claimed job alone, and one that has run once", async () => {
      await stage.insert({ startTimeoutMs: 10 }, { startTimeoutMs: 10 });
      await stage.claim();
      await stage.store.release((await stage.claimRunning()).lease, stage.release());
      stage.nowMs += 10;
      expect(await stage.store.expireQueued({ nowMs: stage.nowMs })).toEqual([]);
    });

    it("fails one that was claimed and given back without having run", async () => {
      await stage.insert({ startTimeoutMs: 10 });
      await stage.store.release((await stage.claim()).lease, stage.release({ attemptMade: false }));
      stage.nowMs += 10;
      expect(await stage.store.expireQueued({ nowMs: stage.nowMs })).toEqual(["job-1"]);
    });

    it("takes many in steps, the longest over first", async () => {
      await stage.insert(...Array.from({ length: 201 }, (_, at) => ({ startTimeoutMs: 1_000 - at })));
      stage.nowMs += 1_000;
      const first = await stage.store.expireQueued({ nowMs: stage.nowMs });
      expect([first.length, first[0]]).toEqual([200, "job-201"]);
      expect(await stage.store.expireQueued({ nowMs: stage.nowMs })).toEqual(["job-1"]);
    });
  });

  describe("requestCancel", () => {
    const cancel = async (jobId: string, reason?: string): Promise<string> =>
      stage.store.requestCancel({ jobId, nowMs: stage.nowMs, ...(reason === undefined ? {} : { reason }) });

    it("ends a waiting job at once, with its event and its webhook", async () => {
      await stage.insert({ webhookUrl }, {});
      expect(await cancel("job-1", "not needed any more")).toBe("cancelled");
      expect(await stage.store.get("job-1")).toMatchObject({ status: "cancelled", completedAt: stage.nowMs, cancelRequestedAt: stage.nowMs, error: null });
      expect((await stage.events("job-1")).at(-1)).toMatchObject({ type: "cancelled", data: { reason: "not needed any more" } });
      expect(await stage.store.listDeliveries("job-1")).toMatchObject({ state: "pending", dueAt: stage.nowMs });
      expect((await stage.claim()).job.id).toBe("job-2");
      expect(await stage.tryClaim()).toBeNull();
    });

    it("asks the holder of a claimed or running one, who learns it when it extends, and ends it", async () => {
      await stage.insert({}, {});
      for (const { job, lease } of [await stage.claim(), await stage.claimRunning()]) {
        expect(await stage.store.extend(lease, { leaseMs, nowMs: stage.nowMs })).toBe("ok");
        expect(await cancel(job.id)).toBe("requested");
        expect(await stage.store.get(job.id)).toMatchObject({ cancelRequestedAt: stage.nowMs });
        expect(await stage.store.extend(lease, { leaseMs, nowMs: stage.nowMs })).toBe("cancel-requested");
        expect(await stage.store.cancel(lease, stage.finish())).toBe("ok");
        expect(await stage.store.get(job.id)).toMatchObject({ status: "cancelled" });
      }
    });

    it("keeps the time and reason of the first who asked", async () => {
      await stage.insert({});
      const { lease } = await stage.claim();
      const first = stage.nowMs;
      await cancel("job-1", "first");
      stage.nowMs += 10;
      expect(await cancel("job-1", "second")).toBe("requested");
      await stage.store.cancel(lease, stage.finish());
      expect(await stage.store.get("job-1")).toMatchObject({ cancelRequestedAt: first });
      expect((await stage.events("job-1")).at(-1)).toMatchObject({ data: { reason: "first" } });
    });

    it("of an orphan waits for whoever takes it up, who is told", async () => {
      await stage.insert({});
      await stage.claimRunning("dead");
      stage.nowMs += leaseMs;
      expect(await cancel("job-1")).toBe("requested");
      expect((await stage.claim("gateway-b")).job).toMatchObject({ promptId: "prompt-of-job-1", cancelRequestedAt: stage.nowMs });
    });

    it("makes a job that is given back cancelled, not queued, once", async () => {
      await stage.insert({ webhookUrl });
      const { lease } = await stage.claimRunning();
      await cancel("job-1");
      expect(await stage.store.release(lease, stage.release({ error, notBefore: stage.nowMs + 1 }))).toBe("ok");
      expect(await stage.store.get("job-1")).toMatchObject({ status: "cancelled", attempts: [{ number: 1, error: { code: error.code } }], notBefore: null });
      expect((await stage.events("job-1")).map(({ type }) => type)).toEqual(["queued", "started", "cancelled"]);
      expect(await stage.store.listDeliveries("job-1")).not.toBeNull();
      expect(await stage.store.counts()).toEqual({ queued: 0, running: 0, claimed: 0 });
      stage.nowMs += leaseMs;
      expect(await stage.tryClaim()).toBeNull();
    });

    it("comes too late for a finished job, and changes nothing; a run that ends first is completed", async () => {
      await stage.insert({});
      const { lease } = await stage.claimRunning();
      await cancel("job-1");
      await stage.store.complete(lease, stage.finish());
      const before = await stage.store.get("job-1");
      expect(before).toMatchObject({ status: "completed" });
      expect(await cancel("job-1")).toBe("finished");
      expect(await stage.store.get("job-1")).toEqual(before);
    });

    it("knows no job that was never inserted", async () => {
      expect(await cancel("nobody")).toBe("unknown");
    });
  });

  describe("counts", () => {
    it("tells the queued, the claimed among them, and the running", async () => {
      await stage.insert({}, {}, {});
      await stage.claimRunning();
      await stage.claim();
      expect(await stage.store.counts()).toEqual({ queued: 2, running: 1, claimed: 1 });
      await stage.store.orphan({ exceptOwner: "nobody" });
      expect(await stage.store.counts()).toEqual({ queued: 2, running: 1, claimed: 1 });
    });
  });

  describe("averageExecutionMs", () => {
    const ran = async (ms: number, parts: Partial<NewJob> = {}): Promise<void> => {
      await stage.insert(parts);
      const { lease } = await stage.claimRunning();
      stage.nowMs += ms;
      await stage.store.complete(lease, stage.finish());
    };

    it("is of the newest completed runs of the workflow alone", async () => {
      await ran(9_000);
      await ran(100);
      await ran(300);
      await ran(7_000, { workflow: "other/one" });
      await ran(50, { workflow: null });
      await stage.insert({});
      await stage.store.fail((await stage.claimRunning()).lease, { ...stage.finish(), error });
      const workflow = "qwen/qwen_base_txt2img";
      expect(await stage.store.averageExecutionMs({ workflow, lastRuns: 2 })).toBe(200);
      expect(await stage.store.averageExecutionMs({ workflow: null, lastRuns: 20 })).toBe(50);
      expect(await stage.store.averageExecutionMs({ lastRuns: 2 })).toBe((7_000 + 50) / 2);
      expect(await stage.store.averageExecutionMs({ workflow: "never/ran", lastRuns: 20 })).toBeNull();
    });

    it("does not count a run that ended without having begun, nor time backwards", async () => {
      await stage.insert({}, {});
      await stage.store.complete((await stage.claim()).lease, stage.finish());
      const { lease } = await stage.claimRunning();
      stage.nowMs -= 5_000;
      await stage.store.complete(lease, stage.finish());
      expect(await stage.store.averageExecutionMs({ lastRuns: 20 })).toBe(0);
    });
  });

  it("a lease's owner that claims has the whole of a job's wishes at hand", async () => {
    const wishes = { owner: "key-1", startTimeoutMs: 60_000, runTimeoutMs: 120_000, webhookUrl };
    await stage.insert(wishes);
    expect((await stage.claim(owner)).job).toMatchObject(wishes);
  });
}
