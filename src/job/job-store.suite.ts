import { beforeEach, describe, expect, it } from "vitest";
import type { Priority } from "./job.ts";
import { describeClaims } from "./job-store-claim.suite.ts";
import { describeEvents } from "./job-store-events.suite.ts";
import { describeLeases } from "./job-store-lease.suite.ts";
import { describeQueue } from "./job-store-queue.suite.ts";
import { describeRetention } from "./job-store-retention.suite.ts";
import { describeWebhooks } from "./job-store-webhook.suite.ts";
import { describeWithdrawals } from "./job-store-withdrawal.suite.ts";
import { error, leaseMs, output, owner, progress, StoreStage, webhookUrl, type StoreTestbed } from "./store-stage.suite.ts";

/** The guarantees of JobStore, to be held by every driver. */
export function describeJobStore(name: string, testbed: StoreTestbed): void {
  describe(`the ${name} store`, () => {
    const stage = new StoreStage(testbed);

    describe("insert and get", () => {
      it("gives back the job as accepted, its numbers exact, with everything else empty", async () => {
        const accepted = stage.newJob({ owner: "key-1", startTimeoutMs: 60_000, runTimeoutMs: 120_000, webhookUrl });
        const job = await stage.insertOne(accepted);
        expect(job).toEqual({
          ...accepted, status: "queued", attempt: 0, promptId: null, attempts: [], notBefore: null, cancelRequestedAt: null, startedAt: null, completedAt: null, progress: null, outputs: [],
          warnings: [], error: null, cachedNodes: null,
        });
        expect(await stage.store.get(accepted.id)).toEqual(job);
      });

      it("keeps a raw graph's job, which has no workflow", async () => {
        await stage.insert({ workflow: null, inputs: {}, files: [], origins: {} });
        expect(await stage.store.get("job-1")).toMatchObject({ workflow: null, inputs: {}, files: [], origins: {} });
      });

      it("refuses an id that exists, and leaves the first job as it was", async () => {
        const [first] = await stage.insert({ id: "same" });
        await expect(stage.insertOne(stage.newJob({ id: "same", priority: "high" }))).rejects.toThrow("id already");
        expect(await stage.store.get("same")).toEqual(first);
        expect(await stage.store.counts()).toEqual({ queued: 1, running: 0, claimed: 0 });
      });

      it("knows no job that was never inserted", async () => {
        expect(await stage.store.get("nobody")).toBeNull();
        expect(await stage.store.getSummary("nobody")).toBeNull();
        expect(await stage.store.queuePosition("nobody")).toBeNull();
      });

      it("tells a job without what is only needed to run it, at each stage of its life", async () => {
        await stage.insert({ owner: "key-1", webhookUrl });
        const expectSummary = async (): Promise<void> => {
          const { graph: _graph, files: _files, origins: _origins, ...summary } = (await stage.store.get("job-1")) ?? stage.newJob();
          expect(await stage.store.getSummary("job-1")).toEqual(summary);
        };
        await expectSummary();
        const { lease } = await stage.claimRunning();
        await stage.store.record(lease, { events: [], progress, cachedNodes: 1, nowMs: stage.nowMs });
        await expectSummary();
        await stage.store.complete(lease, stage.finish({ outputs: [output(0), output(1)], warnings: [{ code: "w", message: "m" }] }));
        await expectSummary();
      });

      it("still has every job after it was opened again", async () => {
        const inserted = await stage.insert({}, {}, {});
        await stage.reopen();
        for (const job of inserted) expect(await stage.store.get(job.id)).toEqual(job);
      });
    });

    describe("listJobs", () => {
      it("lists newest first and leaves the graph out", async () => {
        const [first, second] = await stage.insert({}, {});
        const { items, nextCursor } = await stage.store.listJobs({ limit: 200 });
        const summaries = [second, first].map((job) => {
          const { graph: _graph, files: _files, origins: _origins, ...summary } = job ?? stage.newJob();
          return summary;
        });
        expect(items).toEqual(summaries);
        expect(nextCursor).toBeNull();
      });

      it("gives every job once, page by page, while more are added", async () => {
        await stage.insert({}, {}, {}, {}, {});
        const first = await stage.store.listJobs({ limit: 2 });
        await stage.insert({}, {});
        const second = await stage.store.listJobs({ limit: 2, cursor: first.nextCursor ?? "" });
        await stage.insert({});
        const third = await stage.store.listJobs({ limit: 2, cursor: second.nextCursor ?? "" });
        expect([first, second, third].map((page) => page.items.map(({ id }) => id))).toEqual([["job-5", "job-4"], ["job-3", "job-2"], ["job-1"]]);
        expect(third.nextCursor).toBeNull();
      });

      it("ends without a cursor when the last page is just full", async () => {
        await stage.insert({}, {});
        expect((await stage.store.listJobs({ limit: 2 })).nextCursor).toBeNull();
      });

      it("filters by status, by workflow and by both", async () => {
        await stage.insert({ workflow: "a/x" }, { workflow: "b/y" }, { workflow: "a/x" }, { workflow: null });
        const { lease } = await stage.claim();
        await stage.store.complete(lease, stage.finish());
        expect(await stage.allIds({ limit: 1, status: "queued" })).toEqual(["job-4", "job-3", "job-2"]);
        expect(await stage.allIds({ limit: 1, workflow: "a/x" })).toEqual(["job-3", "job-1"]);
        expect(await stage.allIds({ limit: 1, workflow: "a/x", status: "completed" })).toEqual(["job-1"]);
        expect(await stage.allIds({ limit: 1, workflow: "c/z" })).toEqual([]);
      });

      it.each(["", "x", "am9iczox", "b3V0cHV0czoxOjA", "am9iczoxOjA=", "../../etc/passwd", "9".repeat(500)])("refuses %j as a cursor", async (cursor) => {
        await stage.insert({});
        await expect(stage.store.listJobs({ limit: 1, cursor })).rejects.toMatchObject({ code: "invalid_query" });
      });

      it.each([0, 201, 1.5, Number.NaN, -1])("refuses %j as a limit", async (limit) => {
        await expect(stage.store.listJobs({ limit })).rejects.toMatchObject({ code: "invalid_query" });
        await expect(stage.store.listOutputs({ limit })).rejects.toMatchObject({ code: "invalid_query" });
      });
    });

    describe("listOutputs", () => {
      beforeEach(async () => {
        await stage.insert({}, {}, {});
        const claims = [await stage.claimRunning(), await stage.claimRunning(), await stage.claimRunning()];
        await stage.store.fail(claims[2]?.lease ?? { jobId: "", token: "" }, { ...stage.finish({ outputs: [output(0)] }), error });
        await stage.store.complete(claims[0]?.lease ?? { jobId: "", token: "" }, stage.finish({ outputs: [output(0), output(1), output(2)] }));
      });

      it("lists those of completed and failed jobs, newest job first, by index within one", async () => {
        const { items } = await stage.store.listOutputs({ limit: 200 });
        expect(items.map(({ jobId, index }) => [jobId, index])).toEqual([["job-3", 0], ["job-1", 0], ["job-1", 1], ["job-1", 2]]);
        expect(items[0]).toEqual({ ...output(0), jobId: "job-3" });
      });

      it("pages across a job's outputs", async () => {
        const first = await stage.store.listOutputs({ limit: 3 });
        const second = await stage.store.listOutputs({ limit: 3, cursor: first.nextCursor ?? "" });
        expect(second).toMatchObject({ items: [{ jobId: "job-1", index: 2 }], nextCursor: null });
      });

      it("lists those of one job, page by page", async () => {
        const first = await stage.store.listOutputs({ jobId: "job-1", limit: 2 });
        const second = await stage.store.listOutputs({ jobId: "job-1", limit: 2, cursor: first.nextCursor ?? "" });
        expect([first, second].map((page) => page.items.map(({ index }) => index))).toEqual([[0, 1], [2]]);
        expect(await stage.store.listOutputs({ jobId: "job-2", limit: 2 })).toEqual({ items: [], nextCursor: null });
        expect(await stage.store.listOutputs({ jobId: "nobody", limit: 2 })).toEqual({ items: [], nextCursor: null });
      });

      it("refuses a cursor of the list of jobs", async () => {
        const { nextCursor } = await stage.store.listJobs({ limit: 1 });
        await expect(stage.store.listOutputs({ limit: 1, cursor: nextCursor ?? "" })).rejects.toMatchObject({ code: "invalid_query" });
      });
    });

    describe("claim", () => {
      it("gives nothing when there is nothing", async () => {
        expect(await stage.store.claim({ owner, leaseMs, nowMs: stage.nowMs })).toBeNull();
      });

      it("gives the more urgent first, and first come first served within one priority", async () => {
        const order: readonly Priority[] = ["low", "normal", "high", "normal", "high"];
        await stage.insert(...order.map((priority) => ({ priority })));
        const claimed: string[] = [];
        for (const _ of order) claimed.push((await stage.claim()).job.id);
        expect(claimed).toEqual(["job-3", "job-5", "job-2", "job-4", "job-1"]);
      });

      it("gives the whole job, with its status as it was", async () => {
        const [job] = await stage.insert({});
        const claimed = await stage.claim();
        expect(claimed.job).toEqual(job);
        expect(claimed.lease.jobId).toBe("job-1");
        expect(await stage.store.get("job-1")).toEqual(job);
      });

      it("gives each job to one caller only, with a token of its own", async () => {
        await stage.insert(...Array.from({ length: 20 }, () => ({})));
        const claims = await Promise.all(Array.from({ length: 30 }, (_, at) => stage.store.claim({ owner: `gateway-${at % 3}`, leaseMs, nowMs: stage.nowMs })));
        const given = claims.filter((claimed) => claimed !== null);
        expect(new Set(given.map(({ job }) => job.id)).size).toBe(20);
        expect(new Set(given.map(({ lease }) => lease.token)).size).toBe(20);
      });

      it("keeps a leased job from others until the lease has run out, then gives it before any queued job", async () => {
        await stage.insert({ priority: "low" });
        const first = await stage.claim("gateway-a");
        await stage.insert({ priority: "high" });
        stage.nowMs += leaseMs - 1;
        expect((await stage.claim("gateway-b")).job.id).toBe("job-2");
        expect(await stage.store.claim({ owner: "gateway-b", leaseMs, nowMs: stage.nowMs })).toBeNull();
        await stage.insert({ priority: "high" });
        stage.nowMs += 1;
        const second = await stage.claim("gateway-b");
        expect(second.job.id).toBe("job-1");
        expect(second.lease.token).not.toBe(first.lease.token);
      });

      it("gives an orphan with its prompt id and its status, so that it can be found again in ComfyUI", async () => {
        await stage.insert({});
        await stage.claimRunning();
        stage.nowMs += leaseMs;
        expect((await stage.claim("gateway-b")).job).toMatchObject({ status: "running", promptId: "prompt-of-job-1", attempt: 1 });
      });

      it("never gives a finished job again", async () => {
        await stage.insert({}, {});
        await stage.store.complete((await stage.claim()).lease, stage.finish());
        await stage.store.fail((await stage.claim()).lease, { ...stage.finish(), error });
        stage.nowMs += 10 * leaseMs;
        expect(await stage.store.claim({ owner, leaseMs, nowMs: stage.nowMs })).toBeNull();
      });

      it("still holds a lease after the store was opened again", async () => {
        await stage.insert({});
        const { lease } = await stage.claim();
        await stage.reopen();
        expect(await stage.store.claim({ owner: "gateway-b", leaseMs, nowMs: stage.nowMs })).toBeNull();
        expect(await stage.store.extend(lease, { leaseMs, nowMs: stage.nowMs })).toBe("ok");
      });
    });

    describe("queuePosition", () => {
      it("counts exactly the jobs that will be claimed before", async () => {
        const order: readonly Priority[] = ["low", "normal", "high", "normal", "high", "low"];
        await stage.insert(...order.map((priority) => ({ priority })));
        const places = new Map<string, number | null>();
        for (const at of order.keys()) places.set(`job-${at + 1}`, await stage.store.queuePosition(`job-${at + 1}`));
        for (const place of order.keys()) expect(places.get((await stage.claim()).job.id)).toBe(place);
      });

      it("is null while a job is claimed, and once it is finished", async () => {
        await stage.insert({}, {});
        const { lease } = await stage.claim();
        expect(await stage.store.queuePosition("job-1")).toBeNull();
        expect(await stage.store.queuePosition("job-2")).toBe(0);
        await stage.store.complete(lease, stage.finish());
        expect(await stage.store.queuePosition("job-1")).toBeNull();
      });

      it("counts orphans, which go first, from the moment their lease has run out", async () => {
        await stage.insert({ priority: "low" }, { priority: "low" });
        await stage.claim();
        await stage.insert({ priority: "high" });
        stage.nowMs += leaseMs - 1;
        expect(await stage.store.queuePosition("job-3")).toBe(0);
        stage.nowMs += 1;
        expect(await stage.store.queuePosition("job-3")).toBe(1);
        expect(await stage.store.queuePosition("job-2")).toBe(2);
      });
    });

    describe("orphan", () => {
      it("ends the leases of all others at once, and says how many", async () => {
        await stage.insert({}, {}, {});
        const dead = [await stage.claimRunning("dead"), await stage.claim("dead")];
        const mine = await stage.claim("gateway-b");
        expect(await stage.store.orphan({ exceptOwner: "gateway-b" })).toBe(2);
        for (const { lease } of dead) expect(await stage.store.extend(lease, { leaseMs, nowMs: stage.nowMs })).toBe("lease-lost");
        expect(await stage.store.extend(mine.lease, { leaseMs, nowMs: stage.nowMs })).toBe("ok");
        expect((await stage.claim("gateway-b")).job).toMatchObject({ id: "job-1", status: "running", promptId: "prompt-of-job-1" });
        expect((await stage.claim("gateway-b")).job.id).toBe("job-2");
        expect(await stage.store.orphan({ exceptOwner: "gateway-b" })).toBe(0);
      });

      it("leaves queued and finished jobs alone", async () => {
        await stage.insert({}, {});
        await stage.store.complete((await stage.claim("dead")).lease, stage.finish());
        expect(await stage.store.orphan({ exceptOwner: "gateway-b" })).toBe(0);
        expect(await stage.store.get("job-1")).toMatchObject({ status: "completed" });
      });
    });

    describeClaims(stage);
    describeQueue(stage);
    describeWithdrawals(stage);
    describeLeases(stage);
    describeEvents(stage);
    describeWebhooks(stage);
    describeRetention(stage);

    it("answers a ping, and rejects once it is closed", async () => {
      await stage.store.ping();
      await stage.store.close();
      await stage.store.close();
      await expect(stage.store.ping()).rejects.toMatchObject({ code: "storage_failed" });
      await expect(stage.store.get("x")).rejects.toMatchObject({ code: "storage_failed" });
    });
  });
}
