import { describe, expect, it } from "vitest";
import type { NewJob } from "./job.ts";
import { idempotencyKeyMs, type Insert, type InsertAnswer, longestDelayMs } from "./job-store.ts";
import { error, type StoreStage } from "./store-stage.suite.ts";

/** Who is let in, whose turn it is, and what is known of the queue. */
export function describeQueue(stage: StoreStage): void {
  const claimAll = async (): Promise<readonly string[]> => {
    const ids: string[] = [];
    for (let claimed = await stage.tryClaim(); claimed !== null; claimed = await stage.tryClaim()) ids.push(claimed.job.id);
    return ids;
  };

  describe("the bounds of one owner", () => {
    it("let no more of its jobs be claimed at a time, and keep the others' turns and its places", async () => {
      await stage.insert(...["a", "a", "a", "b", null].map((name, at) => ({ id: `${name}-${at}`, owner: name })));
      const claim = async (): Promise<string | undefined> =>
        (await stage.store.claim({ owner: "me", leaseMs: 1000, nowMs: stage.nowMs, maxLeased: new Map([["a", 1]]) }))?.job.id;
      expect([await claim(), await claim(), await claim(), await claim()]).toEqual(["a-0", "b-3", "null-4", undefined]);
      expect(await stage.store.queuePosition("a-1")).toBe(0);
      expect(await stage.store.countWaiting({ owner: "a" })).toBe(2);
    });

    it("let no more of its jobs wait, and leave room to others", async () => {
      const bounds = { maxQueued: 10, maxQueuedOfOwner: 1 };
      expect((await stage.store.insert(stage.newJob({ owner: "a" }), bounds)).outcome).toBe("inserted");
      expect(await stage.store.insert(stage.newJob({ owner: "a" }), bounds)).toEqual({ outcome: "owner-full", queued: 1 });
      expect((await stage.store.insert(stage.newJob({ owner: "b" }), bounds)).outcome).toBe("inserted");
    });

    it("keep lists, events and files apart", async () => {
      const fileId = "ab".repeat(32);
      await stage.insert({ id: "a", owner: "a" }, { id: "b", owner: "b", files: [] });
      expect(await stage.allIds({ owner: "a", limit: 10 })).toEqual(["a"]);
      expect((await stage.store.readAllEvents({ owner: "b", afterSeq: 0, limit: 10 })).map(({ jobId }) => jobId)).toEqual(["b"]);
      const owns = async (owner: string): Promise<boolean> => stage.store.ownsFile({ fileId, owner });
      expect([await owns("a"), await owns("b")]).toEqual([true, false]);
      await stage.store.addFileOwner({ fileId, owner: "b" });
      await stage.store.addFileOwner({ fileId, owner: "b" });
      expect(await owns("b")).toBe(true);
      await stage.store.forgetFileOwners([fileId]);
      expect([await owns("a"), await owns("b")]).toEqual([true, false]);
    });
  });

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
      await stage.insert({ id: "a", owner: "a", priority: "low" }, { id: "b", owner: "b" });
      await stage.insert({ id: "c", owner: "a", priority: "high" }, { id: "d", owner: "b", priority: "high" });
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

    it("tells the places of many at once as it tells them one by one, and none for what does not wait", async () => {
      const priorities = ["low", "normal", "high"] as const;
      await stage.insert(...Array.from({ length: 12 }, (_, at) => ({ id: `job-${at}`, owner: at % 2 === 0 ? "a" : "b", priority: priorities[at % 3] ?? "low" })));
      await stage.claim();
      const ids = ["job-11", "job-3", "nobody", ...Array.from({ length: 12 }, (_, at) => `job-${at}`)];
      const single = await Promise.all(ids.map(async (id) => [id, await stage.store.queuePosition(id)] as const));
      expect(await stage.store.queuePositions(ids)).toEqual(new Map(single.filter(([, place]) => place !== null)));
      expect(await stage.store.queuePositions([])).toEqual(new Map());
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

    it("waits no longer than it may when the host's time is set back meanwhile", async () => {
      await stage.insert({});
      await stage.store.release((await stage.claim()).lease, stage.release({ notBefore: stage.nowMs + longestDelayMs }));
      expect(await stage.tryClaim()).toBeNull();
      stage.nowMs -= 1;
      expect((await stage.tryClaim())?.job.id).toBe("job-1");
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

  describe("counts", () => {
    it("tells the queued, the claimed among them, and the running", async () => {
      await stage.insert({}, {}, {});
      await stage.claimRunning();
      await stage.claim();
      expect(await stage.store.counts()).toEqual({ queued: 2, running: 1, claimed: 1 });
      expect(await stage.store.countQueued()).toBe(2);
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
}
