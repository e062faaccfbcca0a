import { describe, expect, it } from "vitest";
import type { JobEvent } from "./event.ts";
import { error, output, progress, type StoreStage } from "./store-stage.suite.ts";

type Told = readonly [string, unknown];

function told(events: readonly JobEvent[]): readonly Told[] {
  return events.map(({ type, data }) => [type, data]);
}

/** The log of each job, and that of all together. */
export function describeEvents(stage: StoreStage): void {
  const of = async (jobId: string): Promise<readonly Told[]> => told(await stage.events(jobId));

  describe("the events of a job", () => {
    it("tell a whole run, each at the time of the change, numbered from 1 without a hole", async () => {
      await stage.insert({}, {});
      const { lease } = await stage.claim();
      await stage.store.beginAttempt(lease, { promptId: "p", nowMs: stage.nowMs });
      stage.nowMs += 10;
      await stage.store.markRunning(lease, { startedAt: stage.nowMs, warnings: [{ code: "w", message: "m", nodeId: "9" }] });
      stage.nowMs += 10;
      const step = { percent: 10, seed: 18_446_744_073_709_551_615n };
      await stage.store.record(lease, {
        events: [{ type: "node_started", data: { node_id: "3" } }, { type: "progress", data: step }],
        progress,
        cachedNodes: null,
        nowMs: stage.nowMs,
      });
      stage.nowMs += 10;
      await stage.store.complete(lease, stage.finish({ outputs: [output(0), output(1, { kind: "text", text: "long" })] }));

      const events = await stage.events("job-1");
      const described = { index: 0, node_id: "60", kind: "image", filename: "0.png", content_type: "image/png", size: 9, sha256: "cd".repeat(32) };
      expect(told(events)).toEqual([
        ["queued", { position: 0 }],
        ["started", { attempt: 1 }],
        ["warning", { code: "w", message: "m", node_id: "9" }],
        ["node_started", { node_id: "3" }],
        ["progress", step],
        ["output", described],
        ["output", { ...described, index: 1, kind: "text", filename: "1.png" }],
        ["completed", {}],
      ]);
      expect(events.map(({ id }) => id)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
      expect(events.map(({ at }) => at - stage.nowMs)).toEqual([-30, -20, -20, -10, -10, 0, 0, 0]);
      expect(await of("job-2")).toEqual([["queued", { position: 1 }], ["position", { position: 0 }]]);
    });

    it("tell a failure with its error, after the outputs that were made", async () => {
      await stage.insert({});
      await stage.store.fail((await stage.claim()).lease, { ...stage.finish({ outputs: [output(0)] }), error });
      const [, made, failed] = await of("job-1");
      expect(made?.[0]).toBe("output");
      expect(failed).toEqual(["failed", { error: { code: error.code, detail: error.detail, errors: error.errors } }]);
    });

    it("tell a retry, why, and not before when; and a job that is only given back as queued", async () => {
      await stage.insert({});
      const first = await stage.claimRunning();
      const notBefore = Date.parse("2026-01-01T00:01:00Z");
      await stage.store.release(first.lease, stage.release({ error: { code: "comfyui_lost", detail: "gone" }, notBefore }));
      stage.nowMs = notBefore;
      await stage.store.release((await stage.claim()).lease, stage.release({ attemptMade: false }));
      expect(await of("job-1")).toEqual([
        ["queued", { position: 0 }],
        ["started", { attempt: 1 }],
        ["retrying", { attempt: 1, error: { code: "comfyui_lost", detail: "gone" }, not_before: "2026-01-01T00:01:00.000Z" }],
        ["position", { position: 0 }],
        ["queued", { position: 0 }],
      ]);
    });

    it("tell a warning once, however often it is handed over", async () => {
      await stage.insert({});
      const { lease } = await stage.claim();
      const [early, late] = [{ code: "early", message: "m" }, { code: "late", message: "m" }];
      await stage.store.record(lease, { events: [{ type: "warning", data: early }], progress: null, cachedNodes: null, nowMs: stage.nowMs });
      await stage.store.markRunning(lease, { startedAt: stage.nowMs, warnings: [early] });
      await stage.store.cancel(lease, stage.finish({ warnings: [early, late] }));
      expect((await of("job-1")).slice(1)).toEqual([["warning", early], ["started", { attempt: 0 }], ["warning", late], ["cancelled", { reason: null }]]);
    });

    it("are told for the change alone: what changes nothing, or is refused, leaves none", async () => {
      await stage.insert({});
      const { lease } = await stage.claimRunning();
      await stage.store.markRunning(lease, { startedAt: 5, warnings: [{ code: "w", message: "m" }] });
      await stage.store.record({ ...lease, token: "guess" }, { events: [{ type: "progress", data: {} }], progress: null, cachedNodes: 0, nowMs: 0 });
      await expect(stage.store.complete(lease, stage.finish({ outputs: [output(0), output(0)] }))).rejects.toThrow("internal");
      expect((await of("job-1")).map(([type]) => type)).toEqual(["queued", "started"]);
    });
  });

  describe("position events", () => {
    const places = async (jobId: string): Promise<readonly unknown[]> =>
      (await stage.events(jobId)).filter(({ type }) => type === "queued" || type === "position").map(({ data }) => data["position"]);

    it("tell the first ten their new places, and those behind nothing until they come so far", async () => {
      await stage.insert(...Array.from({ length: 13 }, () => ({})));
      await stage.claim();
      expect(await places("job-2")).toEqual([1, 0]);
      expect(await places("job-11")).toEqual([10, 9]);
      expect(await places("job-12")).toEqual([11]);
      await stage.claim();
      expect(await places("job-12")).toEqual([11, 9]);
      expect(await places("job-13")).toEqual([12]);
    });

    it("tell those who are overtaken, and those who move up when another is cancelled or expires", async () => {
      await stage.insert({}, {}, { startTimeoutMs: 1 }, {});
      await stage.insert({ priority: "high" });
      expect(await places("job-1")).toEqual([0, 1]);
      await stage.store.requestCancel({ jobId: "job-2", nowMs: stage.nowMs });
      expect(await places("job-4")).toEqual([3, 4, 3]);
      await stage.store.expireQueued({ nowMs: stage.nowMs + 1 });
      expect(await places("job-4")).toEqual([3, 4, 3, 2]);
    });

    it("count orphans, who go first", async () => {
      await stage.insert({}, {});
      await stage.claim("dead");
      await stage.store.orphan({ exceptOwner: "gateway-b" });
      expect(await places("job-2")).toEqual([1, 0, 1]);
    });
  });

  describe("readEvents", () => {
    it("goes on after any id, page by page, and ends", async () => {
      await stage.insert({});
      const { lease } = await stage.claimRunning();
      await stage.store.complete(lease, stage.finish({ outputs: [output(0)] }));
      const ids = async (afterId: number, limit: number): Promise<readonly number[]> =>
        (await stage.store.readEvents({ jobId: "job-1", afterId, limit })).map(({ id }) => id);
      expect(await ids(0, 2)).toEqual([1, 2]);
      expect(await ids(2, 1000)).toEqual([3, 4]);
      expect(await ids(4, 1000)).toEqual([]);
      expect(await ids(99, 1000)).toEqual([]);
    });

    it("gives the same events after the store was opened again, and none of an unknown job", async () => {
      await stage.insert({});
      await stage.claimRunning();
      const before = await stage.events("job-1");
      await stage.reopen();
      expect(await stage.events("job-1")).toEqual(before);
      expect(await stage.events("nobody")).toEqual([]);
    });

    it.each([0, 1001, 1.5, -1])("refuses %j as a limit", async (limit) => {
      await expect(stage.store.readEvents({ jobId: "x", afterId: 0, limit })).rejects.toMatchObject({ code: "invalid_query" });
      await expect(stage.store.readAllEvents({ afterSeq: 0, limit })).rejects.toMatchObject({ code: "invalid_query" });
    });
  });

  describe("readAllEvents and lastEventSeq", () => {
    it("give the events of all jobs in the order in which they were told, page by page", async () => {
      expect(await stage.store.lastEventSeq()).toBe(0);
      await stage.insert({}, {});
      await stage.claimRunning();
      const all = await stage.store.readAllEvents({ afterSeq: 0, limit: 1000 });
      expect(all.map(({ jobId, type }) => `${jobId} ${type}`)).toEqual(["job-1 queued", "job-2 queued", "job-2 position", "job-1 started"]);
      const seqs = all.map(({ seq }) => seq);
      expect(seqs).toEqual(seqs.toSorted((a, b) => a - b));
      expect(new Set(seqs).size).toBe(4);
      expect(await stage.store.readAllEvents({ afterSeq: seqs[1] ?? 0, limit: 1 })).toEqual([all[2]]);
      expect(await stage.store.lastEventSeq()).toBe(seqs[3]);
      expect(await stage.store.readAllEvents({ afterSeq: seqs[3] ?? 0, limit: 1 })).toEqual([]);
    });

    it("never give a seq twice, also when the newest events have been removed", async () => {
      await stage.insert({});
      await stage.store.complete((await stage.claim()).lease, stage.finish());
      const last = await stage.store.lastEventSeq();
      await stage.store.remove({ jobId: "job-1" });
      await stage.reopen();
      expect(await stage.store.lastEventSeq()).toBe(last);
      await stage.insert({});
      expect(await stage.store.lastEventSeq()).toBe(last + 1);
    });
  });
}
