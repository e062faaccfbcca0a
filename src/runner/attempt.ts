import type { Whereabouts } from "../comfyui/backend.ts";
import type { BackendEvent } from "../comfyui/event.ts";
import { ToldRun } from "../comfyui/told-run.ts";
import { AppError } from "../errors/app-error.ts";
import type { ClaimedJob } from "../job/job-store.ts";
import type { AttemptDeps } from "./attempt-deps.ts";
import { AttemptLog } from "./attempt-log.ts";
import { Conclusion } from "./conclusion.ts";
import { deadlineOf } from "./deadline.ts";
import { HeldJob, JobLeft } from "./held-job.ts";
import type { Place } from "./line.ts";
import { stopPrompt } from "./stop-prompt.ts";
import { errorOfRejection } from "./verdict.ts";
import { Wakeup } from "./wakeup.ts";

/** While events arrive, ComfyUI is asked only to be sure: it must be noticed within 5 s that it lost a prompt. */
const checkMs = 2_000;
/** Without events the end of a run is seen by asking alone. */
const blindCheckMs = 500;
/** A POST whose answer was lost may still be on its way: the prompt must be missing this often in a row. */
const absencesToBelieve = 3;

/** Why a prompt is taken out of ComfyUI. */
type StopReason = "cancelled" | "given-back" | "start_timeout" | "run_timeout";

/** How the watch of a prompt ended. */
type End = Extract<Whereabouts, { state: "finished" }> | { readonly state: "lost" } | { readonly state: "stop"; readonly reason: StopReason };

/**
 * Drives one claimed job through one attempt: files up, prompt id stored, graph sent, watched to its end, outputs
 * copied, job finished. A job that comes with a prompt id, and whose attempt the claim did not begin,
 * was sent by a process that died: it is only watched.
 */
export class Attempt {
  readonly #deps: AttemptDeps;
  readonly #held: HeldJob;
  readonly #place: Place;
  readonly #wakeup: Wakeup;
  readonly #log: AttemptLog;
  readonly #conclusion: Conclusion;
  readonly #told = new ToldRun();
  /** By the claim: it has a prompt id that nobody has sent anything under. */
  readonly #isBegun: boolean;
  #cancelRequested: boolean;
  #givingBack = false;
  #blind = false;
  #unsure = false;
  #ended = false;

  /** @param place in the line of those whose graphs are to be sent */
  constructor(deps: AttemptDeps, claimed: ClaimedJob, place: Place) {
    this.#deps = deps;
    this.#place = place;
    this.#wakeup = new Wakeup(deps.clock);
    this.#held = new HeldJob({ ...deps, claimed, wakeup: this.#wakeup });
    this.#log = new AttemptLog({ ...deps, held: this.#held });
    this.#conclusion = new Conclusion({ ...deps, held: this.#held, log: this.#log });
    this.#isBegun = claimed.begun;
    this.#cancelRequested = claimed.job.cancelRequestedAt !== null;
  }

  get held(): HeldJob {
    return this.#held;
  }

  /** Ends the watch at the next point where nothing is half done. ComfyUI goes on; the job stays as it is. */
  leave(): void {
    this.#held.leave();
  }

  /** The caller does not want the job any more: it is stopped wherever it is. */
  cancel(): void {
    this.#cancelRequested = true;
    this.#wakeup.wake();
  }

  /** The process is about to end: a job that does not run yet goes back to the queue, one that runs may end. */
  giveBack(): void {
    this.#givingBack = true;
    this.#wakeup.wake();
  }

  /** Resolves when the job is finished, back in the queue, or left, and ComfyUI is free of it. */
  async run(): Promise<void> {
    const { hub } = this.#deps;
    const { id } = this.#held.job;
    const unsubscribe = hub.onCancelRequested(id, () => this.cancel());
    try {
      const { promptId } = this.#held.job;
      if (promptId === null || this.#isBegun) await this.#begin();
      else {
        this.#place.next();
        await this.#watch(promptId, "sent-before");
      }
    } catch (error) {
      if (!(error instanceof JobLeft)) await this.#conclusion.failUnexpectedly(error);
    } finally {
      this.#place.next();
      unsubscribe();
      this.#log.stop();
      hub.dropPreview(id);
    }
  }

  async #begin(): Promise<void> {
    this.#deps.checkpoint("claimed");
    if (!(await this.#uploadFiles())) return;
    this.#deps.checkpoint("files-uploaded");
    if (this.#cancelRequested) return this.#conclusion.cancel();
    const promptId = await this.#held.beginAttempt(this.#deps.newPromptId);
    this.#deps.checkpoint("prompt-id-stored");
    await this.#watch(promptId, "to-send");
  }

  /** @returns false when the job went back to the queue because ComfyUI does not answer */
  async #uploadFiles(): Promise<boolean> {
    const { clock, watch } = this.#deps;
    const from = clock.now();
    try {
      for (const { fileId, name } of this.#held.job.files) {
        this.#held.checkLeft();
        await this.#deps.backend.upload({ name, content: await this.#deps.files.blob(fileId) });
      }
      if (this.#held.job.files.length > 0) watch.stage(this.#held.job, "upload", { from, to: clock.now() });
      return true;
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== "comfyui_unreachable") throw error;
      await this.#held.giveBack();
      return false;
    }
  }

  async #watch(promptId: string, mode: "to-send" | "sent-before"): Promise<void> {
    // Subscribed before the graph is sent: a run can end before the answer to its POST arrives (comfyui-protocol.md §1.1).
    const unsubscribe = this.#deps.backend.onEvent(promptId, (event) => this.#onEvent(event));
    try {
      if (mode === "sent-before") this.#blind = true;
      else if (!(await this.#send(promptId))) return;
      await this.#conclude(promptId, await this.#follow(promptId));
    } finally {
      unsubscribe();
    }
  }

  /** @returns whether ComfyUI has, or may have, the prompt */
  async #send(promptId: string): Promise<boolean> {
    const { job } = this.#held;
    await this.#place.turn;
    this.#held.checkLeft();
    const from = this.#deps.clock.now();
    const submission = await this.#deps.backend.submit({ graph: job.graph, promptId, written: () => this.#place.next() });
    this.#place.next();
    const error = submission.outcome === "accepted" ? null : submission.outcome;
    this.#deps.watch.stage(job, "submit", { from, to: this.#deps.clock.now(), error });
    this.#deps.checkpoint("prompt-sent");
    switch (submission.outcome) {
      case "accepted":
        for (const refused of submission.refused) {
          this.#log.warn({ code: "output_refused", message: refused.message, ...(refused.node_id === undefined ? {} : { nodeId: refused.node_id }) });
        }
        return true;
      case "unknown":
        this.#deps.logger.warn({ job_id: job.id, prompt_id: promptId, err: submission.cause }, "no answer to a sent graph; looking it up");
        this.#unsure = true;
        this.#blind = true;
        return true;
      case "rejected":
        await this.#conclusion.fail(errorOfRejection(job, submission));
        return false;
      case "not-sent":
        this.#deps.logger.warn({ job_id: job.id, err: submission.cause }, "ComfyUI does not take the graph; the job waits in the queue");
        // A proxy that answers for ComfyUI would otherwise have the same job sent again and again without a break.
        await this.#held.pause();
        await this.#held.giveBack();
        return false;
    }
  }

  #onEvent(event: BackendEvent): void {
    const wasStarted = this.#log.started;
    this.#log.apply(event);
    this.#told.apply(event);
    if (event.type === "gap") this.#blind = true;
    if (event.type === "ended") this.#ended = true;
    if (event.type === "gap" || event.type === "ended" || wasStarted !== this.#log.started) this.#wakeup.wake();
  }

  /**
   * Watches until the socket has told the whole run, the history has the prompt, or ComfyUI does not know it: the ends
   * that are always right (comfyui-protocol.md §2.4).
   */
  async #follow(promptId: string): Promise<End> {
    for (let absences = 0; ; ) {
      const woken = this.#ended || (await this.#wakeup.wait(this.#untilNextCheckMs()));
      this.#held.checkLeft();
      const told = this.#ended && !this.#blind ? this.#told.entry : null;
      if (told !== null) return { state: "finished", entry: told };
      // Asked about the end while the start is stored.
      const asked = this.#ended ? this.#locate(promptId) : null;
      if (this.#log.started) await this.#markRunning();
      const reason = this.#reasonToStop();
      if (reason !== null) return { state: "stop", reason };
      // Woken by the first event of the run: nothing to ask.
      if (woken && asked === null && !this.#blind) continue;
      const whereabouts = await (asked ?? this.#locate(promptId));
      if (whereabouts?.state === "running") await this.#markRunning();
      if (whereabouts?.state === "finished") return whereabouts;
      absences = whereabouts?.state === "absent" ? absences + 1 : 0;
      if (absences >= (this.#unsure ? absencesToBelieve : 1)) return { state: "lost" };
      if (this.#ended) await this.#held.pause(blindCheckMs);
    }
  }

  #untilNextCheckMs(): number {
    const interval = this.#blind ? blindCheckMs : checkMs;
    const deadline = deadlineOf(this.#held.job);
    return deadline === null ? interval : Math.max(0, Math.min(interval, deadline.at - this.#deps.clock.now()));
  }

  #reasonToStop(): StopReason | null {
    if (this.#cancelRequested) return "cancelled";
    if (this.#givingBack && this.#held.job.status === "queued") return "given-back";
    const deadline = deadlineOf(this.#held.job);
    return deadline !== null && this.#deps.clock.now() >= deadline.at ? deadline.code : null;
  }

  /** null when ComfyUI does not answer. */
  async #locate(promptId: string): Promise<Whereabouts | null> {
    try {
      return await this.#deps.backend.locate(promptId);
    } catch (error) {
      this.#deps.logger.debug({ job_id: this.#held.job.id, err: AppError.from(error) }, "could not ask ComfyUI about a prompt");
      return null;
    }
  }

  async #markRunning(): Promise<void> {
    if (this.#held.job.status === "running") return;
    await this.#held.markRunning(this.#log.warnings);
    this.#deps.checkpoint("mid-run");
  }

  async #conclude(promptId: string, end: End): Promise<void> {
    switch (end.state) {
      case "finished":
        return this.#conclusion.finish(end.entry);
      case "lost":
        return this.#conclusion.lost();
      case "stop":
        return this.#stop(promptId, end.reason);
    }
  }

  async #stop(promptId: string, reason: StopReason): Promise<void> {
    this.#deps.checkpoint("cancel-seen");
    const stopped = await stopPrompt({ ...this.#deps, held: this.#held, promptId });
    this.#deps.checkpoint("run-cancelled");
    // What was done before it could be stopped is not thrown away.
    if (stopped.outcome === "ended" && stopped.entry.failure?.kind !== "interrupted") return this.#conclusion.finish(stopped.entry);
    const runsOn = stopped.outcome === "runs-on";
    if (runsOn && reason !== "given-back") {
      this.#log.warn({ code: "still_running", message: "ComfyUI did not stop when it was told to: a node does not listen to interrupts. The next job waits for it." });
    }
    switch (reason) {
      case "cancelled":
        await this.#conclusion.cancel();
        break;
      case "given-back":
        // What could not be taken back is watched by the next process.
        if (!runsOn) await this.#held.giveBack();
        return;
      default:
        await this.#conclusion.timeOut(reason);
    }
    if (runsOn) await this.#untilFree(promptId);
  }

  /** ComfyUI gets no other job from here while it still runs one that is finished for us. */
  async #untilFree(promptId: string): Promise<void> {
    for (;;) {
      const whereabouts = await this.#locate(promptId);
      if (whereabouts?.state === "finished" || whereabouts?.state === "absent") return;
      await this.#held.pause(checkMs);
    }
  }
}
