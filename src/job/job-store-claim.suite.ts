import { describe, expect, it } from "vitest";
import { type ClaimedJob, longestDelayMs } from "./job-store.ts";
import { error, leaseMs, owner, type StoreStage, webhookUrl } from "./store-stage.suite.ts";

/** What a claim may do beside handing out a job, and how many would find one. */
export function describeClaims(stage: StoreStage): void {
  describe("a claim that begins", () => {
    const claimBegun = async (by = owner): Promise<ClaimedJob | null> =>
      stage.store.claim({ owner: by, leaseMs, nowMs: stage.nowMs, begin: { newPromptId: () => `begun-at-${stage.nowMs}` } });

    it("gives the job with its first attempt under way, as it is stored, also after a crash", async () => {
      const [job] = await stage.insert({ files: [] });
      const claimed = await claimBegun();
      const promptId = `begun-at-${stage.nowMs}`;
      const attempt = { number: 1, promptId, begunAt: stage.nowMs, startedAt: null, endedAt: null, error: null };
      expect(claimed).toMatchObject({ begun: true, lease: { jobId: "job-1" } });
      expect(claimed?.job).toEqual({ ...job, attempt: 1, promptId, attempts: [attempt] });
      await stage.reopen();
      expect(await stage.store.get("job-1")).toEqual(claimed?.job);
      expect(await stage.store.counts()).toEqual({ queued: 1, running: 0, claimed: 1 });
    });

    it("is followed by the same verbs as one whose attempt was begun afterwards", async () => {
      await stage.insert({ files: [] });
      const lease = (await claimBegun())?.lease ?? { jobId: "", token: "" };
      expect(await stage.store.markRunning(lease, { startedAt: stage.nowMs + 1, warnings: [] })).toBe("ok");
      expect(await stage.store.complete(lease, stage.finish({ completedAt: stage.nowMs + 2 }))).toBe("ok");
      expect((await stage.store.get("job-1"))?.attempts).toMatchObject([{ number: 1, startedAt: stage.nowMs + 1, endedAt: stage.nowMs + 2 }]);
      expect((await stage.events("job-1")).map(({ type }) => type)).toEqual(["queued", "started", "completed"]);
    });

    it("counts on from the attempts that were made, and what it began may be taken back", async () => {
      await stage.insert({ files: [] });
      await stage.store.release((await stage.claimRunning()).lease, stage.release({ error }));
      stage.nowMs += 1;
      const second = await claimBegun();
      expect(second?.job).toMatchObject({ attempt: 2, attempts: [{ number: 1, endedAt: stage.nowMs - 1 }, { number: 2, begunAt: stage.nowMs }] });
      expect(await stage.store.get("job-1")).toEqual(second?.job);
      await stage.store.release(second?.lease ?? { jobId: "", token: "" }, stage.release({ attemptMade: false }));
      expect(await stage.store.get("job-1")).toMatchObject({ attempt: 1, promptId: null, attempts: [{ number: 1 }] });
    });

    it("begins nothing of a job that needs input files first", async () => {
      const [job] = await stage.insert({});
      const claimed = await claimBegun();
      expect(claimed).toMatchObject({ begun: false, job: { attempt: 0, promptId: null, attempts: [] } });
      expect(await stage.store.get("job-1")).toEqual(job);
    });

    it("begins nothing of an orphan that may be in ComfyUI", async () => {
      await stage.insert({ files: [] });
      await stage.claimRunning("dead");
      const before = await stage.store.get("job-1");
      stage.nowMs += leaseMs;
      expect(await claimBegun("gateway-b")).toMatchObject({ begun: false, job: { attempt: 1, promptId: "prompt-of-job-1" } });
      expect(await stage.store.get("job-1")).toEqual(before);
    });

    it("begins an orphan that was never sent, unless somebody wants it cancelled", async () => {
      await stage.insert({ files: [] }, { files: [] });
      await stage.claim("dead");
      await stage.claim("dead");
      await stage.store.requestCancel({ jobId: "job-2", nowMs: stage.nowMs });
      stage.nowMs += leaseMs;
      expect(await claimBegun()).toMatchObject({ begun: true, job: { id: "job-1", attempt: 1 } });
      expect(await claimBegun()).toMatchObject({ begun: false, job: { id: "job-2", attempt: 0, promptId: null, cancelRequestedAt: stage.nowMs - leaseMs } });
      expect((await stage.store.get("job-2"))?.attempts).toEqual([]);
    });

    it("asks for no prompt id when it finds nothing, and one that cannot have any takes no job", async () => {
      const newPromptId = (): string => {
        throw new Error("no more ids");
      };
      const claim = { owner, leaseMs, nowMs: stage.nowMs, begin: { newPromptId } };
      expect(await stage.store.claim(claim)).toBeNull();
      await stage.insert({ files: [] });
      await expect(stage.store.claim(claim)).rejects.toMatchObject({ code: "storage_failed" });
      expect(await stage.store.queuePosition("job-1")).toBe(0);
      expect(await claimBegun()).toMatchObject({ begun: true, job: { id: "job-1", attempt: 1 } });
    });

    it("begins each job for one of those who claim at the same time", async () => {
      await stage.insert(...Array.from({ length: 10 }, () => ({ files: [] })));
      let given = 0;
      const begin = { newPromptId: (): string => `prompt-${(given += 1)}` };
      const claims = await Promise.all(Array.from({ length: 15 }, () => stage.store.claim({ owner, leaseMs, nowMs: stage.nowMs, begin })));
      const begun = claims.filter((claimed) => claimed !== null);
      expect(begun.map(({ job }) => job.id)).toEqual(Array.from({ length: 10 }, (_, at) => `job-${at + 1}`));
      expect(new Set(begun.map(({ job }) => job.promptId)).size).toBe(10);
      for (const { job } of begun) expect(await stage.store.get(job.id)).toEqual(job);
    });
  });

  describe("a claim asked for together with an insert", () => {
    const begin = { newPromptId: () => "prompt" };
    const claim = (maxLeased: ReadonlyMap<string, number> = new Map()): Promise<ClaimedJob | null> =>
      stage.store.claim({ owner, leaseMs, nowMs: stage.nowMs, maxLeased, begin });

    it("gives the job that enters, the same as it is read", async () => {
      const entering = stage.insert({ files: [], priority: "low", owner: "anna", startTimeoutMs: 5_000, webhookUrl });
      const claimed = await claim();
      expect(await entering).toHaveLength(1);
      expect(claimed).toMatchObject({ begun: true, job: { id: "job-1" } });
      expect(await stage.store.get("job-1")).toEqual(claimed?.job);
      expect((await stage.events("job-1")).map(({ type }) => type)).toEqual(["queued"]);
      expect(await stage.store.counts()).toEqual({ queued: 1, running: 0, claimed: 1 });
      expect(await claim()).toBeNull();
    });

    it("gives the one whose turn it is, and not the one that has just entered", async () => {
      await stage.insert({ files: [] });
      const entering = stage.insert({ files: [] });
      expect(await claim()).toMatchObject({ job: { id: "job-1" } });
      await entering;
      const urgent = stage.insert({ files: [], priority: "high" });
      expect(await claim()).toMatchObject({ job: { id: "job-3" } });
      await urgent;
      const orphaning = stage.store.orphan({ exceptOwner: "another" });
      const last = stage.insert({ files: [], priority: "low" });
      expect(await claim()).toMatchObject({ job: { id: "job-3" } });
      await Promise.all([orphaning, last]);
    });

    it("gives each of two that enter once, in their order", async () => {
      const both = [stage.newJob({ files: [] }), stage.newJob({ files: [] })].map((job) => stage.insertOne(job));
      const claims = await Promise.all([claim(), claim(), claim()]);
      await Promise.all(both);
      expect(claims.map((claimed) => claimed?.job.id)).toEqual(["job-1", "job-2", undefined]);
    });

    it("gives none that is withdrawn in between, nor one whose owner has as many under way as it may", async () => {
      const entering = stage.insert({ files: [] });
      const withdrawing = stage.store.requestCancel({ jobId: "job-1", nowMs: stage.nowMs });
      expect(await claim()).toBeNull();
      await Promise.all([entering, withdrawing]);
      await stage.insert({ files: [], owner: "anna" });
      expect(await claim()).toMatchObject({ job: { id: "job-2" } });
      const another = stage.insert({ files: [], owner: "anna" });
      expect(await claim(new Map([["anna", 1]]))).toBeNull();
      await another;
      expect(await claim(new Map([["anna", 2]]))).toMatchObject({ job: { id: "job-3" } });
    });

    it("gives none that was not taken in", async () => {
      const known = await stage.insertOne(stage.newJob({ files: [] }));
      expect(await claim()).toMatchObject({ job: { id: known.id } });
      const refused = stage.insertOne({ ...known });
      expect(await Promise.allSettled([refused, claim()])).toMatchObject([{ status: "rejected" }, { status: "fulfilled", value: null }]);
    });

    it("moves the queue's time as any other does: what waits behind it has its turn in the end", async () => {
      await stage.insert({ files: [], priority: "low" });
      let urgent = 0;
      for (let claimed: ClaimedJob | null = null; claimed?.job.id !== "job-1" && urgent < 1_010; urgent += 1) {
        const entering = stage.insert({ files: [], priority: "high" });
        claimed = await claim();
        await entering;
      }
      // The bonus of the one over the other, and the one that came when it was used up.
      expect(urgent).toBe(1_001);
    });
  });

  describe("countClaimable", () => {
    const count = async (limit = 10): Promise<number> => stage.store.countClaimable({ nowMs: stage.nowMs, limit });

    it("counts the jobs that wait, up to the limit, and those that are claimed no more", async () => {
      expect(await count()).toBe(0);
      await stage.insert({}, {}, {});
      expect([await count(), await count(3), await count(2)]).toEqual([3, 3, 2]);
      await stage.claim();
      await stage.claimRunning();
      expect(await count()).toBe(1);
    });

    it("counts orphans from the moment their lease has run out, running ones among them", async () => {
      await stage.insert({}, {}, {});
      await stage.claim("dead");
      await stage.claimRunning("dead");
      stage.nowMs += leaseMs - 1;
      expect(await count()).toBe(1);
      stage.nowMs += 1;
      expect([await count(), await count(2), await count(1)]).toEqual([3, 2, 1]);
    });

    it("counts a job that is to be retried later once its time has come, or cannot have been meant", async () => {
      await stage.insert({}, {});
      await stage.store.release((await stage.claim()).lease, stage.release({ error, notBefore: stage.nowMs + longestDelayMs }));
      expect(await count()).toBe(1);
      stage.nowMs -= 1;
      expect(await count()).toBe(2);
      stage.nowMs += 1 + longestDelayMs;
      expect(await count()).toBe(2);
    });

    it("is what as many claims find", async () => {
      await stage.insert({}, {}, {}, {});
      await stage.claim("dead");
      await stage.store.release((await stage.claim()).lease, stage.release({ notBefore: stage.nowMs + 1 }));
      await stage.store.orphan({ exceptOwner: owner });
      const expected = await count();
      let found = 0;
      while ((await stage.tryClaim()) !== null) found += 1;
      expect(found).toBe(expected);
      expect(await count()).toBe(0);
    });
  });
}
