import { beforeEach, describe, expect, it } from "vitest";
import type { JobOutput, NewJob } from "./job.ts";
import { error, leaseMs, output, webhookUrl, type StoreStage } from "./store-stage.suite.ts";

const [a, b, c] = ["aa".repeat(32), "bb".repeat(32), "cc".repeat(32)];

/** Which jobs may be forgotten, and what goes with them. */
export function describeRetention(stage: StoreStage): void {
  const finishOne = async (parts: Partial<NewJob>, outputs: readonly JobOutput[] = []): Promise<void> => {
    await stage.insert({ files: [], ...parts });
    await stage.store.complete((await stage.claim()).lease, stage.finish({ outputs }));
    stage.nowMs += 1_000;
  };
  const removable = async (completedBefore = Infinity, limit = 1000): Promise<readonly string[]> =>
    (await stage.store.listRemovable({ completedBefore, limit })).map(({ jobId }) => jobId);

  describe("listRemovable", () => {
    it("lists finished jobs by their end, the oldest first, with their files and the bytes of their outputs", async () => {
      await stage.insert({ id: "slow", files: [{ fileId: a, name: "a.png" }, { fileId: b, name: "b.png" }] });
      const slow = await stage.claim();
      await finishOne({ id: "quick" }, [output(0, { sha256: c, size: 5 }), output(1, { sha256: c, size: 5 })]);
      await stage.store.fail(slow.lease, { ...stage.finish({ outputs: [output(0, { sha256: a, size: 7 })] }), error });
      expect(await stage.store.listRemovable({ completedBefore: Infinity, limit: 1000 })).toEqual([
        { jobId: "quick", completedAt: stage.nowMs - 1_000, fileIds: [c], outputBytes: 5 },
        { jobId: "slow", completedAt: stage.nowMs, fileIds: [a, b], outputBytes: 7 },
      ]);
      expect(await removable(Infinity, 1)).toEqual(["quick"]);
      expect(await removable(stage.nowMs)).toEqual(["quick"]);
    });

    it("never lists a job that is queued, claimed, running or orphaned, nor one whose webhook is pending", async () => {
      await stage.insert({}, {}, {}, {});
      await stage.claimRunning();
      await stage.claim();
      stage.nowMs += leaseMs;
      await stage.claim();
      await stage.insert({ webhookUrl });
      await stage.store.requestCancel({ jobId: "job-5", nowMs: stage.nowMs });
      expect(await removable()).toEqual([]);
      const message = await stage.store.claimWebhook({ nowMs: stage.nowMs, leaseMs });
      if (message === null) throw new Error("no webhook is due");
      expect(await removable()).toEqual([]);
      await stage.store.recordDelivery({ ...message, at: 1, statusCode: 200, error: null, durationMs: 1, next: { state: "delivered" } });
      expect(await removable()).toEqual(["job-5"]);
    });

    it.each([0, 1001])("refuses %j as a limit", async (limit) => {
      await expect(stage.store.listRemovable({ completedBefore: 0, limit })).rejects.toMatchObject({ code: "invalid_query" });
    });
  });

  describe("remove", () => {
    it("forgets the job, its events, outputs, webhook and key, and nothing of others", async () => {
      const idempotency = { key: "k", fingerprint: "f" };
      await stage.store.insert(stage.newJob({ id: "old" }), { maxQueued: Infinity, idempotency });
      await stage.store.complete((await stage.claimRunning()).lease, stage.finish({ outputs: [output(0)] }));
      await finishOne({ id: "new" }, [output(0, { sha256: a })]);
      const others = [await stage.store.get("new"), await stage.events("new")];
      expect(await stage.store.remove({ jobId: "old" })).toMatchObject({ outcome: "removed" });
      await stage.reopen();
      expect(await stage.store.get("old")).toBeNull();
      expect(await stage.events("old")).toEqual([]);
      expect((await stage.store.readAllEvents({ afterSeq: 0, limit: 1000 })).map(({ jobId }) => jobId)).not.toContain("old");
      expect((await stage.store.listOutputs({ limit: 200 })).items.map(({ jobId }) => jobId)).toEqual(["new"]);
      expect(await stage.store.findIdempotent({ owner: null, key: "k", nowMs: stage.nowMs })).toBeNull();
      expect(await stage.store.remove({ jobId: "old" })).toEqual({ outcome: "unknown" });
      expect([await stage.store.get("new"), await stage.events("new")]).toEqual(others);
      expect(await stage.allIds({ limit: 200 })).toEqual(["new"]);
    });

    it("names the files that no other job needs, as input or output, and each once", async () => {
      await finishOne({ id: "one", files: [{ fileId: a, name: "a" }] }, [output(0, { sha256: b }), output(1, { sha256: b }), output(2, { sha256: c })]);
      await stage.insert({ id: "waiting", files: [{ fileId: c, name: "c" }] });
      await finishOneOf("two", [output(0, { sha256: a })]);
      expect(await stage.store.remove({ jobId: "one" })).toEqual({ outcome: "removed", unreferencedFiles: [b] });
      expect(await stage.store.remove({ jobId: "two" })).toEqual({ outcome: "removed", unreferencedFiles: [a] });
    });

    /** Ahead of what waits already. */
    async function finishOneOf(id: string, outputs: readonly JobOutput[]): Promise<void> {
      await finishOne({ id, priority: "high" }, outputs);
    }

    it("keeps a job that is not finished, and one whose webhook is pending", async () => {
      await stage.insert({}, { webhookUrl }, {});
      await stage.claimRunning();
      await stage.store.requestCancel({ jobId: "job-2", nowMs: stage.nowMs });
      for (const jobId of ["job-1", "job-2", "job-3"]) {
        const before = await stage.store.get(jobId);
        expect(await stage.store.remove({ jobId })).toEqual({ outcome: "kept" });
        expect(await stage.store.get(jobId)).toEqual(before);
      }
    });
  });

  describe("referencedFiles and storageOfJobs", () => {
    beforeEach(async () => {
      await finishOne({ id: "one", files: [{ fileId: a, name: "a" }] }, [output(0, { sha256: b, size: 10 })]);
      await finishOne({ id: "two" }, [output(0, { sha256: b, size: 10 }), output(1, { sha256: c, size: 100 })]);
    });

    it("tell the ids that are input or output of a job, as long as one is left", async () => {
      expect(await stage.store.referencedFiles([a, b, "dd", ""])).toEqual(new Set([a, b]));
      expect(await stage.store.referencedFiles([])).toEqual(new Set());
      await stage.store.remove({ jobId: "one" });
      expect(await stage.store.referencedFiles([a, b])).toEqual(new Set([b]));
    });

    it("count the bytes of a file once, however many jobs made it", async () => {
      expect(await stage.store.storageOfJobs()).toBe(110);
      await stage.store.remove({ jobId: "two" });
      expect(await stage.store.storageOfJobs()).toBe(10);
      await stage.store.remove({ jobId: "one" });
      expect(await stage.store.storageOfJobs()).toBe(0);
    });
  });

  describe("removeExpiredKeys", () => {
    it("forgets those that have run out, and says how many", async () => {
      for (const key of ["x", "y", "z"]) {
        await stage.store.insert(stage.newJob(), { maxQueued: Infinity, idempotency: { key, fingerprint: "f" } });
        stage.nowMs += 60 * 60 * 1000;
      }
      stage.nowMs += 22 * 60 * 60 * 1000;
      expect(await stage.store.removeExpiredKeys(stage.nowMs)).toBe(2);
      expect(await stage.store.findIdempotent({ owner: null, key: "z", nowMs: stage.nowMs })).not.toBeNull();
      expect(await stage.store.removeExpiredKeys(stage.nowMs)).toBe(0);
      expect(await stage.store.counts()).toMatchObject({ queued: 3 });
    });
  });
}
