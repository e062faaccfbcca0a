import { setImmediate } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { AppError } from "../errors/app-error.ts";
import { JobHub } from "../events/job-hub.ts";
import { EndWatch } from "../events/end-watch.ts";
import { exampleJob, exampleOutput } from "../job/example-job.ts";
import type { JobOutput, JobSummary } from "../job/job.ts";
import { HeldClock } from "../telemetry/held-clock.ts";
import { waitForJob } from "./waiting.ts";

/** A store of one job. */
function setUp() {
  let syncs = 0;
  const sync = async (): Promise<void> => {
    syncs += 1;
  };
  const hub = new JobHub();
  const clock = new HeldClock();
  let job: JobSummary = exampleJob();
  const get = async (): Promise<JobSummary | null> => job;
  const change = (parts: Partial<JobSummary>): void => {
    job = { ...job, ...parts };
    hub.ended(job.id);
  };
  const stop = new AbortController();
  const start = (waitMs: number, read: () => Promise<JobSummary | null> = get): Promise<JobSummary> =>
    waitForJob({ jobs: { getSummary: read, sync }, hub, clock }, { jobId: job.id, waitMs, signals: [stop.signal] });
  const leaks = (): number => hub.size + clock.pendingTimers;
  return { hub, clock, change, start, stop, leaks, sync, syncs: () => syncs };
}

describe("waitForJob", () => {
  it("resolves with the finished job as soon as it is finished, and leaves nothing behind", async () => {
    const { change, start, leaks } = setUp();
    const waiting = start(60_000);
    await setImmediate();
    change({ status: "running" });
    await setImmediate();
    expect(leaks()).toBe(2);
    change({ status: "completed" });
    expect((await waiting).status).toBe("completed");
    expect(leaks()).toBe(0);
  });

  it("misses no change that comes while it reads", async () => {
    const { change, start } = setUp();
    let reads = 0;
    const waiting = start(60_000, async () => {
      reads += 1;
      if (reads > 1) return exampleJob({ status: "completed" });
      change({});
      return exampleJob();
    });
    expect((await waiting).status).toBe("completed");
  });

  it("resolves with the unfinished job, which is on the disk, when the time is over", async () => {
    const { clock, start, leaks, syncs } = setUp();
    const waiting = start(5_000);
    await setImmediate();
    expect(syncs()).toBe(0);
    clock.advance(5_000);
    expect((await waiting).status).toBe("queued");
    expect(syncs()).toBe(1);
    expect(leaks()).toBe(0);
  });

  it("ends when the caller hangs up, also before it began", async () => {
    const { start, stop, leaks } = setUp();
    const waiting = start(5_000);
    await setImmediate();
    stop.abort();
    expect((await waiting).status).toBe("queued");
    expect((await start(5_000)).status).toBe("queued");
    expect(leaks()).toBe(0);
  });

  it("reads a job that was watched from its beginning only when it may have ended", async () => {
    const { change, hub, clock, stop, leaks, sync, syncs } = setUp();
    const ended = new EndWatch(hub, exampleJob().id);
    let reads = 0;
    const getSummary = async (): Promise<JobSummary> => {
      reads += 1;
      return exampleJob({ status: "completed" });
    };
    const waiting = waitForJob({ jobs: { getSummary, sync }, hub, clock }, { jobId: exampleJob().id, waitMs: 5_000, signals: [stop.signal], ended });
    await setImmediate();
    expect(reads).toBe(0);
    change({});
    expect((await waiting).status).toBe("completed");
    expect(reads).toBe(1);
    // The end is on the disk when it is told, and the job with it.
    expect(syncs()).toBe(0);
    ended.close();
    expect(leaks()).toBe(0);
  });

  it("misses no end that came before it began to wait", async () => {
    const { hub, clock, stop, sync } = setUp();
    const ended = new EndWatch(hub, exampleJob().id);
    hub.ended(exampleJob().id);
    const getSummary = async (): Promise<JobSummary> => exampleJob({ status: "failed" });
    const waiting = waitForJob({ jobs: { getSummary, sync }, hub, clock }, { jobId: exampleJob().id, waitMs: 5_000, signals: [stop.signal], ended });
    expect((await waiting).status).toBe("failed");
  });

  it("does not read a job whose outputs are told and are enough, and reads it where they are not", async () => {
    const { hub, clock, stop, sync } = setUp();
    let reads = 0;
    const getSummary = async (): Promise<JobSummary> => {
      reads += 1;
      return exampleJob({ status: "completed" });
    };
    const waitWith = async (fromOutputs: (outputs: readonly JobOutput[]) => string | null): Promise<JobSummary | string> => {
      const ended = new EndWatch(hub, exampleJob().id);
      const waiting = waitForJob({ jobs: { getSummary, sync }, hub, clock }, { jobId: exampleJob().id, waitMs: 5_000, signals: [stop.signal], ended, fromOutputs });
      // It may have gone back to the queue: that tells nothing of outputs.
      hub.ended(exampleJob().id, [exampleOutput]);
      hub.ended(exampleJob().id);
      const answer = await waiting;
      ended.close();
      return answer;
    };
    expect(await waitWith(([output]) => output?.filename ?? null)).toBe(exampleOutput.filename);
    expect(reads).toBe(0);
    expect(await waitWith(() => null)).toMatchObject({ status: "completed" });
    expect(reads).toBe(1);
  });

  it("leaves nothing behind when the store fails", async () => {
    const { start, leaks } = setUp();
    await expect(start(5_000, () => Promise.reject(new AppError("storage_failed", "full")))).rejects.toThrow("full");
    expect(leaks()).toBe(0);
  });
});
