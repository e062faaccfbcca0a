import { describe, expect, it } from "vitest";
import { error, leaseMs, webhookUrl, type StoreStage } from "./store-stage.suite.ts";

/** How a job ends that has not had its turn, or is called off. */
export function describeWithdrawals(stage: StoreStage): void {
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
}
