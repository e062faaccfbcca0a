import { Counter, Histogram, type Registry } from "prom-client";
import type { AttemptEnd, JobWatch, Stage, StageEnd, WatchedJob } from "../job-watch.ts";

/** Seconds: from a cached graph to a long video. */
const runBuckets = [0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900, 3600];

/**
 * Counts jobs and attempts as they end. Labels are bounded: statuses, codes of the error table, workflows that are
 * served, and the card of this host.
 */
export class JobMetrics implements JobWatch {
  readonly #gpuType: () => string;
  readonly #total: Counter<"status">;
  readonly #errors: Counter<"error_type">;
  readonly #attempts: Counter;
  readonly #retries: Counter<"error_type">;
  readonly #duration: Histogram<"gpu_type" | "workflow">;
  readonly #waited: Histogram;
  readonly #stages: Histogram<"stage">;

  /** @param gpuType what the host computes with at this moment */
  constructor(registry: Registry, gpuType: () => string) {
    const registers = [registry];
    this.#gpuType = gpuType;
    this.#total = new Counter({ name: "comfyui_workflow_total", help: "Finished jobs", labelNames: ["status"], registers });
    for (const status of ["completed", "failed", "cancelled"]) this.#total.inc({ status }, 0);
    this.#errors = new Counter({ name: "comfyui_workflow_errors_total", help: "Failed jobs, by code of docs/errors.md", labelNames: ["error_type"], registers });
    this.#attempts = new Counter({ name: "comfyui_workflow_attempts_total", help: "Graphs sent to ComfyUI", registers });
    this.#retries = new Counter({
      name: "comfyui_workflow_retries_total",
      help: "Attempts that failed and are followed by another, by code of docs/errors.md",
      labelNames: ["error_type"],
      registers,
    });
    this.#duration = new Histogram({
      name: "comfyui_workflow_duration_seconds",
      help: "Completed jobs: from the start in ComfyUI until the outputs are kept. workflow is graph for a raw graph",
      labelNames: ["gpu_type", "workflow"],
      buckets: runBuckets,
      registers,
    });
    this.#waited = new Histogram({ name: "comfyui_workflow_queue_seconds", help: "From acceptance to the start of the first attempt", buckets: runBuckets, registers });
    this.#stages = new Histogram({
      name: "comfyui_workflow_stage_seconds",
      help: "Copying input files to ComfyUI (upload), giving it the graph (submit) and copying outputs from it (collect), for each attempt",
      labelNames: ["stage"],
      buckets: [0.005, 0.025, 0.1, 0.5, 2.5, 10, 60, 300],
      registers,
    });
  }

  accepted(): void {}

  attemptBegun(): void {
    this.#attempts.inc();
  }

  running({ attempt, createdAt, startedAt }: WatchedJob): void {
    if (attempt === 1 && startedAt !== null) this.#waited.observe(seconds(createdAt, startedAt));
  }

  stage(_job: WatchedJob, stage: Stage, { from, to }: StageEnd): void {
    this.#stages.observe({ stage }, seconds(from, to));
  }

  attemptEnded({ workflow, startedAt }: WatchedJob, { outcome, code, at }: AttemptEnd): void {
    if (outcome === "given-back") return;
    if (outcome === "retried") {
      this.#retries.inc({ error_type: code ?? "internal" });
      return;
    }
    this.#finished(outcome, code);
    if (outcome === "completed" && startedAt !== null) {
      this.#duration.observe({ gpu_type: this.#gpuType(), workflow: workflow ?? "graph" }, seconds(startedAt, at));
    }
  }

  withdrawn({ status, code }: Parameters<JobWatch["withdrawn"]>[0]): void {
    this.#finished(status, code);
  }

  #finished(status: string, code: string | null): void {
    this.#total.inc({ status });
    if (status === "failed") this.#errors.inc({ error_type: code ?? "internal" });
  }
}

/** The clock may be set back in between. */
function seconds(from: number, to: number): number {
  return Math.max(0, to - from) / 1000;
}
