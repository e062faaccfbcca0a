import type { HistoryEntry } from "../comfyui/history.ts";
import { AppError } from "../errors/app-error.ts";
import type { JobError, JobOutput, JobWarning } from "../job/job.ts";
import type { Finish } from "../job/job-store.ts";
import { freesMemory, retryDelayMs } from "../job/retry-policy.ts";
import type { AttemptDeps } from "./attempt-deps.ts";
import type { AttemptLog } from "./attempt-log.ts";
import { type HeldJob, JobLeft } from "./held-job.ts";
import { OutputCollector } from "./output-collector.ts";
import { errorOfRun } from "./verdict.ts";

/** As often as progress is told. */
const tellMs = 250;

interface ConclusionParams extends AttemptDeps {
  readonly held: HeldJob;
  readonly log: AttemptLog;
}

/** How an attempt ends: outputs copied and the job completed, failed or cancelled, or the job back in the queue. */
export class Conclusion {
  readonly #params: ConclusionParams;
  /** That the job runs, while its outputs are copied; null when that takes but a moment. */
  #telling: Promise<void> | null = null;

  constructor(params: ConclusionParams) {
    this.#params = params;
  }

  /** ComfyUI has run the graph, well or not. */
  async finish(entry: HistoryEntry): Promise<void> {
    const { held, log, checkpoint, clock, watch, backend, files } = this.#params;
    checkpoint("run-ended");
    const collector = new OutputCollector({ backend, files, checkpoint, job: held.job, found: { recorded: entry.outputs, ...log.found() } });
    const from = clock.now();
    const uncopied = await this.#collectWatched(collector);
    watch.stage(held.job, "collect", { from, to: clock.now() });
    checkpoint("outputs-copied");
    const finish = this.#finish(collector.outputs, log.warningsOfRun(entry.failure), log.cachedNodes ?? entry.cachedNodeIds.length);
    const error = errorOfRun(held.job, entry) ?? uncopied;
    if (error === null) await held.complete(finish, { startedAt: log.startedAt ?? finish.completedAt, ...(await log.rest()) });
    else {
      await this.#settle();
      if (!(await this.#retry(error))) await held.fail(finish, error);
    }
    checkpoint("committed");
    this.#log(error, collector.outputs.length);
  }

  /** ComfyUI does not know the prompt any more. */
  async lost(): Promise<void> {
    const { attempt } = this.#params.held.job;
    const detail =
      `ComfyUI lost the job, as it does when it restarts or is killed${attempt > 1 ? `, ${attempt} attempts in all` : ""}. ` +
      "If it ends each time this job runs, the host may have too little memory for it.";
    const error: JobError = { code: "comfyui_lost", detail, errors: [] };
    if (!(await this.#retry(error))) await this.fail(error);
  }

  /** Without outputs. */
  async fail(error: JobError): Promise<void> {
    const { held, log, checkpoint } = this.#params;
    await held.fail(this.#finish([], log.warnings, log.cachedNodes), error);
    checkpoint("committed");
    this.#log(error, 0);
  }

  async cancel(): Promise<void> {
    const { held, log, logger, checkpoint } = this.#params;
    await held.cancel(this.#finish([], log.warnings, log.cachedNodes));
    checkpoint("committed");
    logger.info({ job_id: held.job.id, workflow: held.job.workflow }, "job cancelled");
  }

  async timeOut(code: "start_timeout" | "run_timeout"): Promise<void> {
    const { startTimeoutMs, runTimeoutMs } = this.#params.held.job;
    const seconds = ((code === "start_timeout" ? startTimeoutMs : runTimeoutMs) ?? 0) / 1000;
    const detail =
      code === "start_timeout"
        ? `The job did not begin to run within ${seconds} seconds. Send it again, or allow more with start_timeout.`
        : `The job ran for ${seconds} seconds and was stopped. Allow more with run_timeout.`;
    await this.fail({ code, detail, errors: [] });
  }

  /** For what no part foresaw: the job fails, and the log has the cause. Never rejects with anything but what the store cannot take. */
  async failUnexpectedly(error: unknown): Promise<void> {
    const { held, logger } = this.#params;
    const known = AppError.from(error);
    logger.error({ job_id: held.job.id, err: known }, "an attempt failed inside the gateway");
    try {
      await this.fail({ code: known.code, detail: known.detail, errors: known.errors });
    } catch (second) {
      if (!(second instanceof JobLeft)) throw second;
    }
  }

  /** A job that ran for a moment is told to have run with its end, unless its outputs take their time. */
  async #collectWatched(collector: OutputCollector): Promise<JobError | null> {
    const { held, log, clock } = this.#params;
    const timer = clock.after(tellMs, () => {
      this.#telling = held.markRunning(log.warnings);
      // What it rejects with is met below, once what is being copied has come to an end.
      this.#telling.catch(() => undefined);
    });
    try {
      return await this.#collect(collector);
    } finally {
      timer.cancel();
      await this.#telling;
    }
  }

  /** Tells what is left to tell of a run that did not go well. */
  async #settle(): Promise<void> {
    const { held, log } = this.#params;
    await held.markRunning(log.warnings);
    await log.settle();
  }

  /** @returns the error that ends the job, when an output is not to be had */
  async #collect(collector: OutputCollector): Promise<JobError | null> {
    const { held, logger } = this.#params;
    for (;;) {
      held.checkLeft();
      try {
        await collector.collect();
        return null;
      } catch (error) {
        const known = AppError.from(error);
        if (known.code !== "comfyui_unreachable" && known.code !== "storage_failed") {
          return { code: known.code, detail: known.detail, errors: [] };
        }
        logger.warn({ job_id: held.job.id, err: known }, "could not copy an output; trying again");
      }
      await held.pause();
    }
  }

  /** @returns whether the job goes back to the queue for another attempt */
  async #retry(error: JobError): Promise<boolean> {
    const { held, logger, clock } = this.#params;
    const { id, attempt, attempts, status } = held.job;
    const delayMs = retryDelayMs(error.code, status === "running", attempts.filter(({ number }) => number < attempt));
    if (delayMs === null) return false;
    if (freesMemory.has(error.code)) await this.#freeMemory();
    logger.warn({ job_id: id, attempt, code: error.code, delay_ms: delayMs }, "the job goes back to the queue for another attempt");
    await held.retry({ code: error.code, detail: error.detail }, clock.now() + delayMs);
    return true;
  }

  async #freeMemory(): Promise<void> {
    try {
      await this.#params.backend.free();
    } catch (error) {
      // The next attempt may do without.
      this.#params.logger.warn({ err: AppError.from(error) }, "could not free ComfyUI's memory");
    }
  }

  #finish(outputs: readonly JobOutput[], warnings: readonly JobWarning[], cachedNodes: number | null): Finish {
    return { completedAt: this.#params.clock.now(), outputs, warnings, cachedNodes };
  }

  #log(error: JobError | null, outputs: number): void {
    const { held, logger } = this.#params;
    const fields = { job_id: held.job.id, workflow: held.job.workflow, attempt: held.job.attempt, outputs };
    if (error === null) logger.info(fields, "job completed");
    else logger.info({ ...fields, code: error.code, detail: error.detail }, "attempt failed");
  }
}
