import { describe, expect, it } from "vitest";
import { exampleJob } from "../job/example-job.ts";
import { deadlineOf } from "./deadline.ts";

describe("deadlineOf", () => {
  it("has none for a job without limits", () => {
    expect(deadlineOf(exampleJob())).toBeNull();
    expect(deadlineOf(exampleJob({ status: "running", startedAt: 5 }))).toBeNull();
  });

  it("limits the wait from acceptance, until the job runs", () => {
    const job = exampleJob({ createdAt: 1_000, startTimeoutMs: 500, runTimeoutMs: 9_000 });
    expect(deadlineOf(job)).toEqual({ at: 1_500, code: "start_timeout" });
    expect(deadlineOf({ ...job, status: "running", startedAt: 2_000 })).toEqual({ at: 11_000, code: "run_timeout" });
  });
});
