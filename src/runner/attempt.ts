import type { Backend, Whereabouts } from "../comfyui/backend.ts";
import type { BackendEvent } from "../comfyui/event.ts";
import type { HistoryEntry } from "../comfyui/history.ts";
import { AppError } from "../errors/app-error.ts";
import type { ErrorCode } from "../errors/table.ts";
import type { JobHub } from "../events/job-hub.ts";
import type { FileStore } from "../files/file-store.ts";
import type { Job, JobError, JobWarning } from "../job/job.ts";
import type { ClaimedJob, JobStore, Lease, LeaseAnswer } from "../job/job-store.ts";
import { mayRetry } from "../job/retry-policy.ts";
import type { Clock } from "../telemetry/clock.ts";
import type { Logger } from "../telemetry/logger.ts";
import { AttemptLog } from "./attempt-log.ts";
import { OutputCollector } from "./output-collector.ts";
import { errorOfRejection, errorOfRun } from "./verdict.ts";
import { Wakeup } from "./wakeup.ts";

/** While events arrive, ComfyUI is asked only to be sure: it must be noticed within 5 s that it lost a prompt. */
const checkMs = 2_000;
/** Without events the end of a run is seen by asking alone. */
const blindCheckMs = 500;
/** Before a failed write or an unreachable ComfyUI is tried again. */
const retryMs = 2_000;
/** A POST whose answer was lost may still be on its way: the prompt must be missing this often in a row. */
const absencesToBelieve = 3;

export interface AttemptDeps {
  readonly jobs: JobStore;
  readonly hub: JobHub;
  readonly backend: Backend;
  readonly files: FileStore;
  readonly clock: Clock;
  readonly logger: Logger;
  /** A fresh lower-case UUIDv4. */
  readonly newPromptId: () => string;
}

/** Thrown inside an attempt to leave it: the job is not ours any more, or the runner stops. Never an error. */
class Left extends Error {}

/**
 * Drives one claimed job through one attempt: files up, prompt id stored, graph sent, watched to its end, outputs
 * copied, job finished. A job that comes with a prompt id was sent by a process that died: it is only watched.
 */
export class Attempt {
  readonly #deps: AttemptDeps;
  readonly #lease: Lease;
  readonly #wakeup: Wakeup;
  readonly #log: AttemptLog;
  #job: Job;
  #left = false;
  #running = false;
  #blind = false;
  #unsure = false;
  #ended = false;

  constructor(deps: AttemptDeps, claimed: ClaimedJob) {
    this.#deps = deps;
    this.#job = claimed.job;
    this.#lease = claimed.lease;
    this.#wakeup = new Wakeup(deps.clock);
    this.#running = claimed.job.status === "running";
    this.#log = new AttemptLog({ ...deps, job: claimed.job, lease: claimed.lease });
  }

  /** Ends the watch at the next point where nothing is half done. ComfyUI goes on; the job stays as it is. */
  leave(): void {
    this.#left = true;
    this.#wakeup.wake();
  }

  /** Resolves when the job is finished, back in the queue, or left. Never rejects. */
  async run(): Promise<void> {
    try {
      const { promptId } = this.#job;
      if (promptId === null) await this.#begin();
      else await this.#watch(promptId, null);
    } catch (error) {
      if (error instanceof Left) return;
      await this.#failUnexpectedly(error);
    }
  }

  async #begin(): Promise<void> {
    const ready = await this.#uploadFiles();
    if (!ready) return;
    const promptId = this.#deps.newPromptId();
    await this.#write(() => this.#deps.jobs.beginAttempt(this.#lease, { promptId }));
    this.#job = { ...this.#job, promptId, attempt: this.#job.attempt + 1 };
    await this.#watch(promptId, this.#job.graph);
  }

  /** @returns false when the job went back to the queue because ComfyUI does not answer */
  async #uploadFiles(): Promise<boolean> {
    try {
      for (const { fileId, name } of this.#job.files) {
        this.#checkLeft();
        await this.#deps.backend.upload({ name, content: await this.#deps.files.blob(fileId) });
      }
      return true;
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== "comfyui_unreachable") throw error;
      await this.#release({ attemptMade: false });
      return false;
    }
  }

  /** @param graph sent first; null when an earlier process has sent it */
  async #watch(promptId: string, graph: Job["graph"] | null): Promise<void> {
    // Subscribed before the graph is sent: a run can end before the answer to its POST arrives (comfyui-protocol.md §1.1).
    const unsubscribe = this.#deps.backend.onEvent(promptId, (event) => this.#onEvent(event));
    try {
      if (graph === null) this.#blind = true;
      else if (!(await this.#send(promptId, graph))) return;
      await this.#follow(promptId);
    } finally {
      unsubscribe();
      this.#log.stop();
    }
  }

  /** @returns whether ComfyUI has, or may have, the prompt */
  async #send(promptId: string, graph: Job["graph"]): Promise<boolean> {
    const submission = await this.#deps.backend.submit({ graph, promptId });
    switch (submission.outcome) {
      case "accepted":
        for (const refused of submission.refused) {
          this.#log.warn({ code: "output_refused", message: refused.message, ...(refused.node_id === undefined ? {} : { nodeId: refused.node_id }) });
        }
        return true;
      case "unknown":
        this.#deps.logger.warn({ job_id: this.#job.id, prompt_id: promptId, err: submission.cause }, "no answer to a sent graph; looking it up");
        this.#unsure = true;
        this.#blind = true;
        return true;
      case "rejected":
        await this.#fail(errorOfRejection(this.#job, submission), []);
        return false;
      case "not-sent":
        this.#deps.logger.warn({ job_id: this.#job.id, err: submission.cause }, "ComfyUI does not take the graph; the job waits in the queue");
        // A proxy that answers for ComfyUI would otherwise have the same job sent again and again without a break.
        await this.#pause();
        await this.#release({ attemptMade: false });
        return false;
    }
  }

  #onEvent(event: BackendEvent): void {
    const wasStarted = this.#log.started;
    this.#log.apply(event);
    if (event.type === "gap") this.#blind = true;
    if (event.type === "ended") this.#ended = true;
    if (event.type === "gap" || event.type === "ended" || wasStarted !== this.#log.started) this.#wakeup.wake();
  }

  /** Watches until the history has the prompt or ComfyUI does not know it: the two ends that are always right (comfyui-protocol.md §2.4). */
  async #follow(promptId: string): Promise<void> {
    for (let absences = 0; ; ) {
      const woken = this.#ended || (await this.#wakeup.wait(this.#blind ? blindCheckMs : checkMs));
      this.#checkLeft();
      if (woken && !this.#ended && !this.#blind) {
        // Woken by the first event of the run: nothing to ask.
        await this.#markRunning();
        continue;
      }
      const whereabouts = await this.#locate(promptId);
      if (this.#log.started || whereabouts?.state === "running") await this.#markRunning();
      if (whereabouts?.state === "finished") return this.#finish(whereabouts.entry);
      absences = whereabouts?.state === "absent" ? absences + 1 : 0;
      if (absences >= (this.#unsure ? absencesToBelieve : 1)) return this.#lost();
      if (this.#ended) await this.#pause();
    }
  }

  /** null when ComfyUI does not answer. */
  async #locate(promptId: string): Promise<Whereabouts | null> {
    try {
      return await this.#deps.backend.locate(promptId);
    } catch (error) {
      this.#deps.logger.debug({ job_id: this.#job.id, err: AppError.from(error) }, "could not ask ComfyUI about a prompt");
      return null;
    }
  }

  async #markRunning(): Promise<void> {
    if (this.#running) return;
    const startedAt = this.#deps.clock.now();
    await this.#write(() => this.#deps.jobs.markRunning(this.#lease, { startedAt, warnings: this.#log.warnings }));
    this.#job = { ...this.#job, status: "running", startedAt };
    this.#running = true;
  }

  async #finish(entry: HistoryEntry): Promise<void> {
    await this.#markRunning();
    this.#log.stop();
    const collector = new OutputCollector({ ...this.#deps, job: this.#job, found: { recorded: entry.outputs, ...this.#log.found() } });
    const failure = errorOfRun(this.#job, entry);
    const uncopied = await this.#collect(collector);
    const error = failure ?? uncopied;
    const cachedNodes = this.#log.cachedNodes ?? entry.cachedNodeIds.length;
    const finish = { completedAt: this.#deps.clock.now(), outputs: collector.outputs, warnings: this.#log.warningsOfRun(entry.failure), cachedNodes };
    if (error === null) await this.#write(() => this.#deps.jobs.complete(this.#lease, finish));
    else await this.#write(() => this.#deps.jobs.fail(this.#lease, { ...finish, error }));
    this.#deps.logger.info({ job_id: this.#job.id, workflow: this.#job.workflow, outputs: collector.outputs.length, code: error?.code }, "job finished");
  }

  /** @returns the error that ends the job, when an output is not to be had */
  async #collect(collector: OutputCollector): Promise<JobError | null> {
    for (;;) {
      try {
        await collector.collect();
        return null;
      } catch (error) {
        const known = AppError.from(error);
        if (known.code !== "comfyui_unreachable" && known.code !== "storage_failed") {
          return { code: known.code, detail: known.detail, errors: [] };
        }
        this.#deps.logger.warn({ job_id: this.#job.id, err: known }, "could not copy an output; trying again");
        await this.#pause();
      }
    }
  }

  async #lost(): Promise<void> {
    const code: ErrorCode = "comfyui_lost";
    if (mayRetry(code, this.#job.attempt)) {
      this.#deps.logger.warn({ job_id: this.#job.id, attempt: this.#job.attempt }, "ComfyUI lost the job; it goes back to the queue");
      return this.#release({ attemptMade: true });
    }
    const detail = `ComfyUI lost the job in ${this.#job.attempt} attempts, as it does when it restarts or is killed. The graph may need more memory than the host has.`;
    await this.#fail({ code, detail, errors: [] }, this.#log.warnings);
  }

  async #fail(error: JobError, warnings: readonly JobWarning[]): Promise<void> {
    const finish = { completedAt: this.#deps.clock.now(), outputs: [], warnings, cachedNodes: this.#log.cachedNodes, error };
    await this.#write(() => this.#deps.jobs.fail(this.#lease, finish));
    this.#deps.logger.info({ job_id: this.#job.id, workflow: this.#job.workflow, code: error.code }, "job failed");
  }

  async #failUnexpectedly(error: unknown): Promise<void> {
    const known = AppError.from(error);
    this.#deps.logger.error({ job_id: this.#job.id, err: known }, "an attempt failed inside the gateway");
    try {
      await this.#fail({ code: known.code, detail: known.detail, errors: known.errors }, this.#log.warnings);
    } catch (second) {
      if (!(second instanceof Left)) throw second;
    }
  }

  async #release(params: { readonly attemptMade: boolean }): Promise<void> {
    await this.#write(() => this.#deps.jobs.release(this.#lease, params));
    this.#deps.hub.queued();
  }

  /** A write to the job, tried until the store takes it: a full disk must not lose a result. */
  async #write(write: () => Promise<LeaseAnswer>): Promise<void> {
    for (;;) {
      this.#checkLeft();
      try {
        if ((await write()) === "lease-lost") throw new Left();
        this.#deps.hub.changed(this.#job.id);
        return;
      } catch (error) {
        if (!(error instanceof AppError) || error.code !== "storage_failed") throw error;
        this.#deps.logger.error({ job_id: this.#job.id, err: error }, "could not store a job's change; trying again");
        await this.#pause();
      }
    }
  }

  async #pause(): Promise<void> {
    const { clock } = this.#deps;
    const until = clock.now() + retryMs;
    while (clock.now() < until) {
      this.#checkLeft();
      await this.#wakeup.wait(until - clock.now());
    }
  }

  #checkLeft(): void {
    if (this.#left) throw new Left();
  }
}
