import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Job, JobError, JobOutput, NewJob, Priority } from "./job.ts";
import type { ClaimedJob, Finish, JobStore } from "./job-store.ts";

/** A store of the driver under test, and its medium. */
export interface StoreUnderTest {
  readonly store: JobStore;
  /** Closes `store`, and opens the same medium again as a new process would. */
  reopen(): Promise<StoreUnderTest>;
  /** Closes what is open and removes the medium. */
  dispose(): Promise<void>;
}

/** What a driver gives to be tested, as the export `testbed` of `src/store/<driver>/testbed.ts`. */
export interface StoreTestbed {
  /** An empty store that takes the time from `clock`. */
  open(clock: { now(): number }): Promise<StoreUnderTest>;
}

const leaseMs = 30_000;
const owner = "gateway-a";

/** The guarantees of {@link JobStore}, to be held by every driver. */
export function describeJobStore(name: string, testbed: StoreTestbed): void {
  describe(`the ${name} store`, () => {
    let nowMs = 0;
    let numbered = 0;
    let under: StoreUnderTest;
    let store: JobStore;

    beforeEach(async () => {
      nowMs = Date.parse("2026-01-01T00:00:00Z");
      numbered = 0;
      under = await testbed.open({ now: () => nowMs });
      store = under.store;
    });
    afterEach(async () => under.dispose());

    async function reopen(): Promise<void> {
      under = await under.reopen();
      store = under.store;
    }

    function newJob(parts: Partial<NewJob> = {}): NewJob {
      numbered += 1;
      return {
        id: `job-${numbered}`,
        workflow: "qwen/qwen_base_txt2img",
        priority: "normal",
        inputs: { prompt: "a lake", seed: 18_446_744_073_709_551_615n },
        graph: { "3": { class_type: "KSampler", inputs: { seed: 18_446_744_073_709_551_615n, model: ["4", 0], cfg: 2.5 }, _meta: { title: "Sampler" } } },
        files: [{ fileId: "ab".repeat(32), name: "comfyui-api/ab.png" }],
        origins: { "3/seed": "/seed" },
        createdAt: nowMs,
        ...parts,
      };
    }

    async function insert(...parts: readonly Partial<NewJob>[]): Promise<readonly Job[]> {
      const jobs: Job[] = [];
      for (const part of parts) jobs.push(await store.insert(newJob(part)));
      return jobs;
    }

    async function claim(by = owner): Promise<ClaimedJob> {
      const claimed = await store.claim({ owner: by, leaseMs, nowMs });
      if (claimed === null) throw new Error("there was nothing to claim");
      return claimed;
    }

    async function claimRunning(by = owner): Promise<ClaimedJob> {
      const claimed = await claim(by);
      await store.beginAttempt(claimed.lease, { promptId: `prompt-of-${claimed.job.id}` });
      await store.markRunning(claimed.lease, { startedAt: nowMs, warnings: [] });
      return claimed;
    }

    function output(index: number, parts: Partial<JobOutput> = {}): JobOutput {
      return { index, nodeId: "60", kind: "image", filename: `${index}.png`, contentType: "image/png", size: 9, sha256: "cd".repeat(32), ...parts };
    }

    function finish(parts: Partial<Finish> = {}): Finish {
      return { completedAt: nowMs, outputs: [], warnings: [], cachedNodes: null, ...parts };
    }

    const error: JobError = { code: "comfyui_node_failed", detail: "It broke.", errors: [{ pointer: "/seed", message: "bad", node_id: "3", class_type: "KSampler" }] };
    const progress = {
      percent: 53.3, completedNodes: 8, totalNodes: 15, currentNode: { id: "3", classType: "KSampler", title: "Sampler", step: 9, steps: 20 },
    };

    async function allIds(query: { status?: Job["status"]; workflow?: string; limit: number }): Promise<readonly string[]> {
      const ids: string[] = [];
      let cursor: string | null = null;
      do {
        const page = await store.listJobs(cursor === null ? query : { ...query, cursor });
        expect(page.items.length).toBeLessThanOrEqual(query.limit);
        ids.push(...page.items.map(({ id }) => id));
        cursor = page.nextCursor;
      } while (cursor !== null);
      return ids;
    }

    describe("insert and get", () => {
      it("gives back the job as accepted, its numbers exact, with everything else empty", async () => {
        const accepted = newJob();
        const job = await store.insert(accepted);
        expect(job).toEqual({
          ...accepted, status: "queued", attempt: 0, promptId: null, startedAt: null, completedAt: null, progress: null, outputs: [],
          warnings: [], error: null, cachedNodes: null,
        });
        expect(await store.get(accepted.id)).toEqual(job);
      });

      it("keeps a raw graph's job, which has no workflow", async () => {
        await insert({ workflow: null, inputs: {}, files: [], origins: {} });
        expect(await store.get("job-1")).toMatchObject({ workflow: null, inputs: {}, files: [], origins: {} });
      });

      it("refuses an id that exists, and leaves the first job as it was", async () => {
        const [first] = await insert({ id: "same" });
        await expect(store.insert(newJob({ id: "same", priority: "high" }))).rejects.toThrow("id already");
        expect(await store.get("same")).toEqual(first);
        expect(await store.counts()).toEqual({ queued: 1, running: 0 });
      });

      it("knows no job that was never inserted", async () => {
        expect(await store.get("nobody")).toBeNull();
        expect(await store.queuePosition("nobody")).toBeNull();
      });

      it("still has every job after it was opened again", async () => {
        const inserted = await insert({}, {}, {});
        await reopen();
        for (const job of inserted) expect(await store.get(job.id)).toEqual(job);
      });
    });

    describe("listJobs", () => {
      it("lists newest first and leaves the graph out", async () => {
        const [first, second] = await insert({}, {});
        const { items, nextCursor } = await store.listJobs({ limit: 200 });
        const summaries = [second, first].map((job) => {
          const { graph: _graph, files: _files, origins: _origins, ...summary } = job ?? newJob();
          return summary;
        });
        expect(items).toEqual(summaries);
        expect(nextCursor).toBeNull();
      });

      it("gives every job once, page by page, while more are added", async () => {
        await insert({}, {}, {}, {}, {});
        const first = await store.listJobs({ limit: 2 });
        await insert({}, {});
        const second = await store.listJobs({ limit: 2, cursor: first.nextCursor ?? "" });
        await insert({});
        const third = await store.listJobs({ limit: 2, cursor: second.nextCursor ?? "" });
        expect([first, second, third].map((page) => page.items.map(({ id }) => id))).toEqual([["job-5", "job-4"], ["job-3", "job-2"], ["job-1"]]);
        expect(third.nextCursor).toBeNull();
      });

      it("ends without a cursor when the last page is just full", async () => {
        await insert({}, {});
        expect((await store.listJobs({ limit: 2 })).nextCursor).toBeNull();
      });

      it("filters by status, by workflow and by both", async () => {
        await insert({ workflow: "a/x" }, { workflow: "b/y" }, { workflow: "a/x" }, { workflow: null });
        const { lease } = await claim();
        await store.complete(lease, finish());
        expect(await allIds({ limit: 1, status: "queued" })).toEqual(["job-4", "job-3", "job-2"]);
        expect(await allIds({ limit: 1, workflow: "a/x" })).toEqual(["job-3", "job-1"]);
        expect(await allIds({ limit: 1, workflow: "a/x", status: "completed" })).toEqual(["job-1"]);
        expect(await allIds({ limit: 1, workflow: "c/z" })).toEqual([]);
      });

      it.each(["", "x", "am9iczox", "b3V0cHV0czoxOjA", "am9iczoxOjA=", "../../etc/passwd", "9".repeat(500)])("refuses %j as a cursor", async (cursor) => {
        await insert({});
        await expect(store.listJobs({ limit: 1, cursor })).rejects.toMatchObject({ code: "invalid_query" });
      });

      it.each([0, 201, 1.5, Number.NaN, -1])("refuses %j as a limit", async (limit) => {
        await expect(store.listJobs({ limit })).rejects.toMatchObject({ code: "invalid_query" });
        await expect(store.listOutputs({ limit })).rejects.toMatchObject({ code: "invalid_query" });
      });
    });

    describe("listOutputs", () => {
      beforeEach(async () => {
        await insert({}, {}, {});
        const claims = [await claimRunning(), await claimRunning(), await claimRunning()];
        await store.fail(claims[2]?.lease ?? { jobId: "", token: "" }, { ...finish({ outputs: [output(0)] }), error });
        await store.complete(claims[0]?.lease ?? { jobId: "", token: "" }, finish({ outputs: [output(0), output(1), output(2)] }));
      });

      it("lists those of completed and failed jobs, newest job first, by index within one", async () => {
        const { items } = await store.listOutputs({ limit: 200 });
        expect(items.map(({ jobId, index }) => [jobId, index])).toEqual([["job-3", 0], ["job-1", 0], ["job-1", 1], ["job-1", 2]]);
        expect(items[0]).toEqual({ ...output(0), jobId: "job-3" });
      });

      it("pages across a job's outputs", async () => {
        const first = await store.listOutputs({ limit: 3 });
        const second = await store.listOutputs({ limit: 3, cursor: first.nextCursor ?? "" });
        expect(second).toMatchObject({ items: [{ jobId: "job-1", index: 2 }], nextCursor: null });
      });

      it("lists those of one job, page by page", async () => {
        const first = await store.listOutputs({ jobId: "job-1", limit: 2 });
        const second = await store.listOutputs({ jobId: "job-1", limit: 2, cursor: first.nextCursor ?? "" });
        expect([first, second].map((page) => page.items.map(({ index }) => index))).toEqual([[0, 1], [2]]);
        expect(await store.listOutputs({ jobId: "job-2", limit: 2 })).toEqual({ items: [], nextCursor: null });
        expect(await store.listOutputs({ jobId: "nobody", limit: 2 })).toEqual({ items: [], nextCursor: null });
      });

      it("refuses a cursor of the list of jobs", async () => {
        const { nextCursor } = await store.listJobs({ limit: 1 });
        await expect(store.listOutputs({ limit: 1, cursor: nextCursor ?? "" })).rejects.toMatchObject({ code: "invalid_query" });
      });
    });

    describe("claim", () => {
      it("gives nothing when there is nothing", async () => {
        expect(await store.claim({ owner, leaseMs, nowMs })).toBeNull();
      });

      it("gives the more urgent first, and first come first served within one priority", async () => {
        const order: readonly Priority[] = ["low", "normal", "high", "normal", "high"];
        await insert(...order.map((priority) => ({ priority })));
        const claimed: string[] = [];
        for (const _ of order) claimed.push((await claim()).job.id);
        expect(claimed).toEqual(["job-3", "job-5", "job-2", "job-4", "job-1"]);
      });

      it("gives the whole job, with its status as it was", async () => {
        const [job] = await insert({});
        const claimed = await claim();
        expect(claimed.job).toEqual(job);
        expect(claimed.lease.jobId).toBe("job-1");
        expect(await store.get("job-1")).toEqual(job);
      });

      it("gives each job to one caller only, with a token of its own", async () => {
        await insert(...Array.from({ length: 20 }, () => ({})));
        const claims = await Promise.all(Array.from({ length: 30 }, (_, at) => store.claim({ owner: `gateway-${at % 3}`, leaseMs, nowMs })));
        const given = claims.filter((claimed) => claimed !== null);
        expect(new Set(given.map(({ job }) => job.id)).size).toBe(20);
        expect(new Set(given.map(({ lease }) => lease.token)).size).toBe(20);
      });

      it("keeps a leased job from others until the lease has run out, then gives it before any queued job", async () => {
        await insert({ priority: "low" });
        const first = await claim("gateway-a");
        await insert({ priority: "high" });
        nowMs += leaseMs - 1;
        expect((await claim("gateway-b")).job.id).toBe("job-2");
        expect(await store.claim({ owner: "gateway-b", leaseMs, nowMs })).toBeNull();
        await insert({ priority: "high" });
        nowMs += 1;
        const second = await claim("gateway-b");
        expect(second.job.id).toBe("job-1");
        expect(second.lease.token).not.toBe(first.lease.token);
      });

      it("gives an orphan with its prompt id and its status, so that it can be found again in ComfyUI", async () => {
        await insert({});
        await claimRunning();
        nowMs += leaseMs;
        expect((await claim("gateway-b")).job).toMatchObject({ status: "running", promptId: "prompt-of-job-1", attempt: 1 });
      });

      it("never gives a finished job again", async () => {
        await insert({}, {});
        await store.complete((await claim()).lease, finish());
        await store.fail((await claim()).lease, { ...finish(), error });
        nowMs += 10 * leaseMs;
        expect(await store.claim({ owner, leaseMs, nowMs })).toBeNull();
      });

      it("still holds a lease after the store was opened again", async () => {
        await insert({});
        const { lease } = await claim();
        await reopen();
        expect(await store.claim({ owner: "gateway-b", leaseMs, nowMs })).toBeNull();
        expect(await store.extend(lease, { leaseMs, nowMs })).toBe("ok");
      });
    });

    describe("a lease", () => {
      it("lasts longer when extended", async () => {
        await insert({});
        const { lease } = await claim();
        nowMs += leaseMs - 1;
        expect(await store.extend(lease, { leaseMs, nowMs })).toBe("ok");
        nowMs += leaseMs - 1;
        expect(await store.claim({ owner: "gateway-b", leaseMs, nowMs })).toBeNull();
      });

      it("that ran out is still good while nobody has taken the job", async () => {
        await insert({});
        const { lease } = await claim();
        nowMs += 5 * leaseMs;
        expect(await store.extend(lease, { leaseMs, nowMs })).toBe("ok");
        expect(await store.claim({ owner: "gateway-b", leaseMs, nowMs })).toBeNull();
      });

      const writes: Readonly<Record<string, (lease: ClaimedJob["lease"]) => Promise<string>>> = {
        extend: async (lease) => store.extend(lease, { leaseMs, nowMs }),
        beginAttempt: async (lease) => store.beginAttempt(lease, { promptId: "late" }),
        markRunning: async (lease) => store.markRunning(lease, { startedAt: 1, warnings: [] }),
        saveProgress: async (lease) => store.saveProgress(lease, { progress, cachedNodes: 3 }),
        complete: async (lease) => store.complete(lease, finish({ outputs: [output(0)] })),
        fail: async (lease) => store.fail(lease, { ...finish({ outputs: [output(0)] }), error }),
        release: async (lease) => store.release(lease, { attemptMade: true }),
      };

      it.each(Object.entries(writes))("that another has taken over: %s answers lease-lost and writes nothing", async (_verb, write) => {
        await insert({});
        const { lease } = await claimRunning();
        nowMs += leaseMs;
        await claim("gateway-b");
        const before = await store.get("job-1");
        expect(await write(lease)).toBe("lease-lost");
        expect(await store.get("job-1")).toEqual(before);
        expect((await store.listOutputs({ limit: 1 })).items).toEqual([]);
        expect(await store.claim({ owner, leaseMs, nowMs })).toBeNull();
      });

      it.each(Object.entries(writes))("of a finished job: %s answers lease-lost and writes nothing", async (_verb, write) => {
        await insert({}, {});
        const done = await claimRunning();
        const broken = await claimRunning();
        await store.complete(done.lease, finish({ outputs: [output(0)] }));
        await store.fail(broken.lease, { ...finish(), error });
        for (const { job, lease } of [done, broken]) {
          const before = await store.get(job.id);
          expect(await write(lease)).toBe("lease-lost");
          expect(await store.get(job.id)).toEqual(before);
        }
      });

      it.each(Object.entries(writes))("that was given back: %s answers lease-lost", async (_verb, write) => {
        await insert({});
        const { lease } = await claim();
        await store.release(lease, { attemptMade: true });
        expect(await write(lease)).toBe("lease-lost");
        expect(await store.get("job-1")).toMatchObject({ status: "queued", promptId: null });
      });

      it.each(Object.entries(writes))("with a made-up token, or of no job: %s answers lease-lost", async (_verb, write) => {
        await insert({});
        const { lease } = await claim();
        for (const token of ["", "guess", "null"]) expect(await write({ ...lease, token })).toBe("lease-lost");
        expect(await write({ ...lease, jobId: "nobody" })).toBe("lease-lost");
      });
    });

    describe("an attempt", () => {
      it("is counted, with its prompt id, before it is sent, and is there after a crash", async () => {
        await insert({});
        const { lease } = await claim();
        expect(await store.beginAttempt(lease, { promptId: "p-1" })).toBe("ok");
        await reopen();
        expect(await store.get("job-1")).toMatchObject({ status: "queued", attempt: 1, promptId: "p-1", startedAt: null });
        expect(await store.beginAttempt(lease, { promptId: "p-2" })).toBe("ok");
        expect(await store.get("job-1")).toMatchObject({ attempt: 2, promptId: "p-2" });
      });

      it("runs since it was first said to", async () => {
        await insert({});
        const { lease } = await claim();
        const warnings = [{ code: "output_refused", message: "One output was dropped", nodeId: "9" }, { code: "other", message: "x" }];
        expect(await store.markRunning(lease, { startedAt: 111, warnings })).toBe("ok");
        expect(await store.markRunning(lease, { startedAt: 222, warnings: [] })).toBe("ok");
        expect(await store.get("job-1")).toMatchObject({ status: "running", startedAt: 111, warnings });
        expect(await store.counts()).toEqual({ queued: 0, running: 1 });
      });

      it("saves its progress", async () => {
        await insert({});
        const { lease } = await claimRunning();
        expect(await store.saveProgress(lease, { progress, cachedNodes: 2 })).toBe("ok");
        expect(await store.get("job-1")).toMatchObject({ progress, cachedNodes: 2 });
        await store.saveProgress(lease, { progress: { ...progress, currentNode: null }, cachedNodes: null });
        expect(await store.get("job-1")).toMatchObject({ progress: { percent: 53.3, currentNode: null }, cachedNodes: null });
      });

      it("leaves no trace on a job given back but its count", async () => {
        const [job] = await insert({});
        const { lease } = await claimRunning();
        await store.saveProgress(lease, { progress, cachedNodes: 2 });
        expect(await store.release(lease, { attemptMade: true })).toBe("ok");
        expect(await store.get("job-1")).toEqual({ ...job, attempt: 1 });
      });

      it("is not counted when nothing of it was made, and none is taken back that never began", async () => {
        await insert({});
        const { lease } = await claimRunning();
        await store.release(lease, { attemptMade: false });
        expect(await store.get("job-1")).toMatchObject({ attempt: 0, promptId: null });
        await store.release((await claim()).lease, { attemptMade: false });
        expect(await store.get("job-1")).toMatchObject({ attempt: 0, status: "queued" });
      });

      it("given back stands again where it stood", async () => {
        await insert({}, {}, {});
        await claim();
        const second = await claimRunning();
        await store.release(second.lease, { attemptMade: true });
        expect(await store.queuePosition("job-2")).toBe(0);
        expect((await claim()).job.id).toBe("job-2");
      });
    });

    describe("the end of a job", () => {
      it("stores status, outputs and warnings together", async () => {
        await insert({});
        const { lease } = await claimRunning();
        const outputs = [output(0), output(1, { kind: "text", text: "ein Gedicht\u0000 ☃", contentType: "text/plain" })];
        const warnings = [{ code: "w", message: "m" }];
        nowMs += 5_000;
        expect(await store.complete(lease, finish({ outputs, warnings, cachedNodes: 4 }))).toBe("ok");
        const job = await store.get("job-1");
        expect(job).toMatchObject({ status: "completed", completedAt: nowMs, warnings, cachedNodes: 4, error: null });
        expect(job?.outputs).toEqual(outputs);
        await reopen();
        expect(await store.get("job-1")).toEqual(job);
      });

      it("stores why it failed, and what was finished before", async () => {
        await insert({});
        const { lease } = await claimRunning();
        expect(await store.fail(lease, { ...finish({ outputs: [output(0)] }), error })).toBe("ok");
        const job = await store.get("job-1");
        expect(job).toMatchObject({ status: "failed", outputs: [output(0)] });
        expect(job?.error).toEqual(error);
        expect(await store.counts()).toEqual({ queued: 0, running: 0 });
      });

      it("may come before it ever ran", async () => {
        await insert({});
        expect(await store.fail((await claim()).lease, { ...finish(), error })).toBe("ok");
        expect(await store.get("job-1")).toMatchObject({ status: "failed", startedAt: null });
      });

      it("is stored whole or not at all", async () => {
        await insert({});
        const { lease } = await claimRunning();
        const before = await store.get("job-1");
        await expect(store.complete(lease, finish({ outputs: [output(0), output(0)] }))).rejects.toThrow("internal");
        expect(await store.get("job-1")).toEqual(before);
        expect(await store.complete(lease, finish({ outputs: [output(0)] }))).toBe("ok");
      });
    });

    describe("queuePosition", () => {
      it("counts exactly the jobs that will be claimed before", async () => {
        const order: readonly Priority[] = ["low", "normal", "high", "normal", "high", "low"];
        await insert(...order.map((priority) => ({ priority })));
        const places = new Map<string, number | null>();
        for (const at of order.keys()) places.set(`job-${at + 1}`, await store.queuePosition(`job-${at + 1}`));
        for (const place of order.keys()) expect(places.get((await claim()).job.id)).toBe(place);
      });

      it("is null while a job is claimed, and once it is finished", async () => {
        await insert({}, {});
        const { lease } = await claim();
        expect(await store.queuePosition("job-1")).toBeNull();
        expect(await store.queuePosition("job-2")).toBe(0);
        await store.complete(lease, finish());
        expect(await store.queuePosition("job-1")).toBeNull();
      });

      it("counts orphans, which go first, from the moment their lease has run out", async () => {
        await insert({ priority: "low" }, { priority: "low" });
        await claim();
        await insert({ priority: "high" });
        nowMs += leaseMs - 1;
        expect(await store.queuePosition("job-3")).toBe(0);
        nowMs += 1;
        expect(await store.queuePosition("job-3")).toBe(1);
        expect(await store.queuePosition("job-2")).toBe(2);
      });
    });

    describe("orphan", () => {
      it("ends the leases of all others at once, and says how many", async () => {
        await insert({}, {}, {});
        const dead = [await claimRunning("dead"), await claim("dead")];
        const mine = await claim("gateway-b");
        expect(await store.orphan({ exceptOwner: "gateway-b" })).toBe(2);
        for (const { lease } of dead) expect(await store.extend(lease, { leaseMs, nowMs })).toBe("lease-lost");
        expect(await store.extend(mine.lease, { leaseMs, nowMs })).toBe("ok");
        expect((await claim("gateway-b")).job).toMatchObject({ id: "job-1", status: "running", promptId: "prompt-of-job-1" });
        expect((await claim("gateway-b")).job.id).toBe("job-2");
        expect(await store.orphan({ exceptOwner: "gateway-b" })).toBe(0);
      });

      it("leaves queued and finished jobs alone", async () => {
        await insert({}, {});
        await store.complete((await claim("dead")).lease, finish());
        expect(await store.orphan({ exceptOwner: "gateway-b" })).toBe(0);
        expect(await store.get("job-1")).toMatchObject({ status: "completed" });
      });
    });

    it("answers a ping, and rejects once it is closed", async () => {
      await store.ping();
      await store.close();
      await store.close();
      await expect(store.ping()).rejects.toMatchObject({ code: "storage_failed" });
      await expect(store.get("x")).rejects.toMatchObject({ code: "storage_failed" });
    });
  });
}
