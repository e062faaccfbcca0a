import { describe, expect, it } from "vitest";
import type { ClaimedJob } from "./job-store.ts";
import { error, leaseMs, output, owner, progress, type StoreStage } from "./store-stage.suite.ts";

/** What the holder of a lease may do, and nobody else. */
export function describeLeases(stage: StoreStage): void {
  describe("a lease", () => {
    it("lasts longer when extended", async () => {
      await stage.insert({});
      const { lease } = await stage.claim();
      stage.nowMs += leaseMs - 1;
      expect(await stage.store.extend(lease, { leaseMs, nowMs: stage.nowMs })).toBe("ok");
      stage.nowMs += leaseMs - 1;
      expect(await stage.store.claim({ owner: "gateway-b", leaseMs, nowMs: stage.nowMs })).toBeNull();
    });

    it("that ran out is still good while nobody has taken the job", async () => {
      await stage.insert({});
      const { lease } = await stage.claim();
      stage.nowMs += 5 * leaseMs;
      expect(await stage.store.extend(lease, { leaseMs, nowMs: stage.nowMs })).toBe("ok");
      expect(await stage.store.claim({ owner: "gateway-b", leaseMs, nowMs: stage.nowMs })).toBeNull();
    });

    const writes: Readonly<Record<string, (lease: ClaimedJob["lease"]) => Promise<string>>> = {
      extend: async (lease) => stage.store.extend(lease, { leaseMs, nowMs: stage.nowMs }),
      beginAttempt: async (lease) => stage.store.beginAttempt(lease, { promptId: "late", nowMs: stage.nowMs }),
      markRunning: async (lease) => stage.store.markRunning(lease, { startedAt: 1, warnings: [] }),
      record: async (lease) => stage.store.record(lease, { events: [], progress, cachedNodes: 3, nowMs: stage.nowMs }),
      complete: async (lease) => stage.store.complete(lease, stage.finish({ outputs: [output(0)] })),
      fail: async (lease) => stage.store.fail(lease, { ...stage.finish({ outputs: [output(0)] }), error }),
      cancel: async (lease) => stage.store.cancel(lease, stage.finish({ outputs: [output(0)] })),
      release: async (lease) => stage.store.release(lease, stage.release()),
    };

    it.each(Object.entries(writes))("that another has taken over: %s answers lease-lost and writes nothing", async (_verb, write) => {
      await stage.insert({});
      const { lease } = await stage.claimRunning();
      stage.nowMs += leaseMs;
      await stage.claim("gateway-b");
      const before = await stage.store.get("job-1");
      expect(await write(lease)).toBe("lease-lost");
      expect(await stage.store.get("job-1")).toEqual(before);
      expect((await stage.store.listOutputs({ limit: 1 })).items).toEqual([]);
      expect(await stage.store.claim({ owner, leaseMs, nowMs: stage.nowMs })).toBeNull();
    });

    it.each(Object.entries(writes))("of a finished job: %s answers lease-lost and writes nothing", async (_verb, write) => {
      await stage.insert({}, {});
      const done = await stage.claimRunning();
      const broken = await stage.claimRunning();
      await stage.store.complete(done.lease, stage.finish({ outputs: [output(0)] }));
      await stage.store.fail(broken.lease, { ...stage.finish(), error });
      for (const { job, lease } of [done, broken]) {
        const before = await stage.store.get(job.id);
        expect(await write(lease)).toBe("lease-lost");
        expect(await stage.store.get(job.id)).toEqual(before);
      }
    });

    it.each(Object.entries(writes))("that was given back: %s answers lease-lost", async (_verb, write) => {
      await stage.insert({});
      const { lease } = await stage.claim();
      await stage.store.release(lease, stage.release());
      expect(await write(lease)).toBe("lease-lost");
      expect(await stage.store.get("job-1")).toMatchObject({ status: "queued", promptId: null });
    });

    it.each(Object.entries(writes))("with a made-up token, or of no job: %s answers lease-lost", async (_verb, write) => {
      await stage.insert({});
      const { lease } = await stage.claim();
      for (const token of ["", "guess", "null"]) expect(await write({ ...lease, token })).toBe("lease-lost");
      expect(await write({ ...lease, jobId: "nobody" })).toBe("lease-lost");
    });
  });

  describe("an attempt", () => {
    it("is counted, with its prompt id, before it is sent, and is there after a crash", async () => {
      await stage.insert({});
      const { lease } = await stage.claim();
      expect(await stage.store.beginAttempt(lease, { promptId: "p-1", nowMs: stage.nowMs })).toBe("ok");
      await stage.reopen();
      expect(await stage.store.get("job-1")).toMatchObject({ status: "queued", attempt: 1, promptId: "p-1", startedAt: null });
      expect(await stage.store.beginAttempt(lease, { promptId: "p-2", nowMs: stage.nowMs })).toBe("ok");
      expect(await stage.store.get("job-1")).toMatchObject({ attempt: 2, promptId: "p-2" });
    });

    it("runs since it was first said to", async () => {
      await stage.insert({});
      const { lease } = await stage.claim();
      const warnings = [{ code: "output_refused", message: "One output was dropped", nodeId: "9" }, { code: "other", message: "x" }];
      expect(await stage.store.markRunning(lease, { startedAt: 111, warnings })).toBe("ok");
      expect(await stage.store.markRunning(lease, { startedAt: 222, warnings: [] })).toBe("ok");
      expect(await stage.store.get("job-1")).toMatchObject({ status: "running", startedAt: 111, warnings });
      expect(await stage.store.counts()).toEqual({ queued: 0, running: 1, claimed: 0 });
    });

    it("saves its progress", async () => {
      await stage.insert({});
      const { lease } = await stage.claimRunning();
      expect(await stage.store.record(lease, { events: [], progress, cachedNodes: 2, nowMs: stage.nowMs })).toBe("ok");
      expect(await stage.store.get("job-1")).toMatchObject({ progress, cachedNodes: 2 });
      await stage.store.record(lease, { events: [], progress: { ...progress, currentNode: null }, cachedNodes: null, nowMs: stage.nowMs });
      expect(await stage.store.get("job-1")).toMatchObject({ progress: { percent: 53.3, currentNode: null }, cachedNodes: null });
    });

    it("leaves no trace on a job given back but its count and its entry", async () => {
      const [job] = await stage.insert({});
      const { lease } = await stage.claimRunning();
      await stage.store.record(lease, { events: [], progress, cachedNodes: 2, nowMs: stage.nowMs });
      expect(await stage.store.release(lease, stage.release())).toBe("ok");
      expect(await stage.store.get("job-1")).toEqual({ ...job, attempt: 1, attempts: [expect.objectContaining({ number: 1 })] });
    });

    it("is not counted when nothing of it was made, and none is taken back that never began", async () => {
      await stage.insert({});
      const { lease } = await stage.claimRunning();
      await stage.store.release(lease, stage.release({ attemptMade: false }));
      expect(await stage.store.get("job-1")).toMatchObject({ attempt: 0, promptId: null });
      await stage.store.release((await stage.claim()).lease, stage.release({ attemptMade: false }));
      expect(await stage.store.get("job-1")).toMatchObject({ attempt: 0, status: "queued" });
    });

    it("given back stands again where it stood", async () => {
      await stage.insert({}, {}, {});
      await stage.claim();
      const second = await stage.claimRunning();
      await stage.store.release(second.lease, stage.release());
      expect(await stage.store.queuePosition("job-2")).toBe(0);
      expect((await stage.claim()).job.id).toBe("job-2");
    });
  });

  describe("the attempts of a job", () => {
    it("tell of each when it began, ran and ended, and why", async () => {
      await stage.insert({});
      const start = stage.nowMs;
      const first = await stage.claim();
      await stage.store.beginAttempt(first.lease, { promptId: "p-1", nowMs: start });
      expect((await stage.store.get("job-1"))?.attempts).toEqual([{ number: 1, promptId: "p-1", begunAt: start, startedAt: null, endedAt: null, error: null }]);
      await stage.store.markRunning(first.lease, { startedAt: start + 5, warnings: [] });
      stage.nowMs += 9;
      await stage.store.release(first.lease, stage.release({ error: { code: "comfyui_lost", detail: "gone" } }));
      const second = await stage.claim();
      await stage.store.beginAttempt(second.lease, { promptId: "p-2", nowMs: stage.nowMs });
      await stage.store.fail(second.lease, { ...stage.finish(), error });
      const job = await stage.store.get("job-1");
      expect(job?.attempts).toEqual([
        { number: 1, promptId: "p-1", begunAt: start, startedAt: start + 5, endedAt: start + 9, error: { code: "comfyui_lost", detail: "gone" } },
        { number: 2, promptId: "p-2", begunAt: start + 9, startedAt: null, endedAt: start + 9, error: { code: error.code, detail: error.detail } },
      ]);
      await stage.reopen();
      expect((await stage.store.get("job-1"))?.attempts).toEqual(job?.attempts);
      expect((await stage.store.listJobs({ limit: 1 })).items[0]?.attempts).toEqual(job?.attempts);
    });

    it("end without an error when the job completes, is cancelled, or begins another", async () => {
      await stage.insert({}, {});
      const { lease } = await stage.claimRunning();
      stage.nowMs += 1;
      await stage.store.beginAttempt(lease, { promptId: "p-2", nowMs: stage.nowMs });
      await stage.store.complete(lease, stage.finish());
      await stage.store.cancel((await stage.claimRunning()).lease, stage.finish());
      const ended = { endedAt: stage.nowMs, error: null };
      expect((await stage.store.get("job-1"))?.attempts).toMatchObject([{ number: 1, ...ended }, { number: 2, ...ended }]);
      expect((await stage.store.get("job-2"))?.attempts).toMatchObject([{ number: 1, ...ended }]);
    });

    it("do not name one that was taken back", async () => {
      await stage.insert({});
      await stage.store.release((await stage.claimRunning()).lease, stage.release());
      await stage.store.release((await stage.claimRunning()).lease, stage.release({ attemptMade: false }));
      expect(await stage.store.get("job-1")).toMatchObject({ attempt: 1, attempts: [{ number: 1 }] });
    });
  });

  describe("the end of a job", () => {
    it("that completed has every node done, whatever progress was told last", async () => {
      await stage.insert({}, {});
      const { lease } = await stage.claimRunning();
      await stage.store.record(lease, { events: [], progress, cachedNodes: null, nowMs: stage.nowMs });
      await stage.store.complete(lease, stage.finish());
      expect((await stage.store.get("job-1"))?.progress).toEqual({ percent: 100, completedNodes: 15, totalNodes: 15, currentNode: null });
      await stage.store.complete((await stage.claim()).lease, stage.finish());
      expect((await stage.store.get("job-2"))?.progress).toEqual({ percent: 100, completedNodes: 1, totalNodes: 1, currentNode: null });
    });

    it("that failed or was cancelled keeps the progress it had", async () => {
      await stage.insert({}, {});
      for (const end of ["fail", "cancel"] as const) {
        const { job, lease } = await stage.claimRunning();
        await stage.store.record(lease, { events: [], progress, cachedNodes: null, nowMs: stage.nowMs });
        await stage.store[end](lease, { ...stage.finish(), error });
        expect((await stage.store.get(job.id))?.progress).toEqual(progress);
      }
    });

    it("stores status, outputs and warnings together", async () => {
      await stage.insert({});
      const { lease } = await stage.claimRunning();
      const outputs = [output(0), output(1, { kind: "text", text: "ein Gedicht\u0000 ☃", contentType: "text/plain" })];
      const warnings = [{ code: "w", message: "m" }];
      stage.nowMs += 5_000;
      expect(await stage.store.complete(lease, stage.finish({ outputs, warnings, cachedNodes: 4 }))).toBe("ok");
      const job = await stage.store.get("job-1");
      expect(job).toMatchObject({ status: "completed", completedAt: stage.nowMs, warnings, cachedNodes: 4, error: null });
      expect(job?.outputs).toEqual(outputs);
      await stage.reopen();
      expect(await stage.store.get("job-1")).toEqual(job);
    });

    it("stores why it failed, and what was finished before", async () => {
      await stage.insert({});
      const { lease } = await stage.claimRunning();
      expect(await stage.store.fail(lease, { ...stage.finish({ outputs: [output(0)] }), error })).toBe("ok");
      const job = await stage.store.get("job-1");
      expect(job).toMatchObject({ status: "failed", outputs: [output(0)] });
      expect(job?.error).toEqual(error);
      expect(await stage.store.counts()).toEqual({ queued: 0, running: 0, claimed: 0 });
    });

    it("may come before it ever ran", async () => {
      await stage.insert({});
      expect(await stage.store.fail((await stage.claim()).lease, { ...stage.finish(), error })).toBe("ok");
      expect(await stage.store.get("job-1")).toMatchObject({ status: "failed", startedAt: null });
    });

    it("tells with its completion what was not stored of its run, in order and before the end", async () => {
      await stage.insert({});
      const { lease } = await stage.claim();
      await stage.store.beginAttempt(lease, { promptId: "p-1", nowMs: stage.nowMs });
      const halfway = { percent: 50, completedNodes: 1, totalNodes: 7, currentNode: null };
      const warning = { code: "node_error", message: "odd" };
      const run = { startedAt: stage.nowMs, events: [{ type: "node_started" as const, data: { node: "1" } }, { type: "warning" as const, data: { ...warning } }], progress: halfway };
      stage.nowMs += 40;
      expect(await stage.store.complete(lease, { ...stage.finish({ outputs: [output(0)], warnings: [warning] }), run })).toBe("ok");
      const job = await stage.store.get("job-1");
      expect(job).toMatchObject({ status: "completed", startedAt: run.startedAt, attempts: [{ startedAt: run.startedAt }] });
      expect(job?.progress).toEqual({ percent: 100, completedNodes: 7, totalNodes: 7, currentNode: null });
      const events = await stage.store.readEvents({ jobId: "job-1", afterId: 0, limit: 100 });
      expect(events.slice(-5).map(({ type, at }) => [type, at - run.startedAt])).toEqual([["started", 0], ["node_started", 40], ["warning", 40], ["output", 40], ["completed", 40]]);
      expect(await stage.store.complete(lease, { ...stage.finish(), run })).toBe("lease-lost");
    });

    it("is stored whole or not at all", async () => {
      await stage.insert({});
      const { lease } = await stage.claimRunning();
      const before = await stage.store.get("job-1");
      await expect(stage.store.complete(lease, stage.finish({ outputs: [output(0), output(0)] }))).rejects.toThrow("internal");
      expect(await stage.store.get("job-1")).toEqual(before);
      expect(await stage.store.complete(lease, stage.finish({ outputs: [output(0)] }))).toBe("ok");
    });
  });
}
