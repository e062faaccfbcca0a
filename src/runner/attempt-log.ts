import type { BackendEvent } from "../comfyui/event.ts";
import type { RunFailure } from "../comfyui/history.ts";
import { AppError } from "../errors/app-error.ts";
import type { JobHub } from "../events/job-hub.ts";
import type { Job, JobWarning } from "../job/job.ts";
import type { JobStore, Lease } from "../job/job-store.ts";
import type { JsonValue } from "../json/exact.ts";
import type { Clock, Timer } from "../telemetry/clock.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { Found, SocketImage } from "./output-collector.ts";
import { ProgressTracker } from "./progress-tracker.ts";

/** Four times a second is as often as a person sees, and keeps the store's writes few. */
const progressMs = 250;
/** More warnings than this tell a caller nothing new. */
const maxWarnings = 100;
const nodeErrorCode = "node_error";
/** This class sends its finished images as preview frames and saves nothing (comfyui-protocol.md §2.5). */
const socketSaver = "SaveImageWebsocket";

interface AttemptLogParams {
  readonly job: Job;
  readonly lease: Lease;
  readonly jobs: JobStore;
  readonly hub: JobHub;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What an attempt's events told: progress (stored at most four times a second), warnings, outputs. */
export class AttemptLog {
  readonly #params: AttemptLogParams;
  readonly #progress: ProgressTracker;
  readonly #warnings: JobWarning[];
  readonly #announced = new Map<string, JsonValue[]>();
  readonly #socketImages: SocketImage[] = [];
  #started = false;
  #timer: Timer | null = null;
  #stopped = false;

  constructor(params: AttemptLogParams) {
    this.#params = params;
    this.#progress = new ProgressTracker(params.job.graph, params.job.progress?.percent);
    this.#warnings = [...params.job.warnings];
  }

  /** Whether ComfyUI has begun to run the prompt. */
  get started(): boolean {
    return this.#started;
  }

  get warnings(): readonly JobWarning[] {
    return this.#warnings;
  }

  /** Those that are worth telling beside the run's failure: the complaint that became the failure is not. */
  warningsOfRun(failure: RunFailure | null): readonly JobWarning[] {
    return this.#warnings.filter(({ code, nodeId }) => failure === null || code !== nodeErrorCode || nodeId !== failure.nodeId);
  }

  get cachedNodes(): number | null {
    return this.#progress.cachedNodes;
  }

  found(): Omit<Found, "recorded"> {
    return { announced: this.#announced, socketImages: this.#socketImages };
  }

  warn(warning: JobWarning): void {
    if (this.#warnings.length < maxWarnings) this.#warnings.push(warning);
  }

  apply(event: BackendEvent): void {
    if (this.#stopped) return;
    if (this.#progress.apply(event)) this.#scheduleProgress();
    switch (event.type) {
      case "started":
      case "node-started":
        this.#started = true;
        break;
      case "node-output":
        this.#announced.set(event.nodeId, [...(this.#announced.get(event.nodeId) ?? []), event.ui]);
        break;
      case "node-error":
        this.warn({ code: nodeErrorCode, message: `${event.classType}: ${event.message}`, nodeId: event.nodeId });
        break;
      case "preview":
        this.#keepSocketImage(event);
        break;
      case "gap":
        this.#warnAboutSocketImages();
        break;
      default:
    }
  }

  /** No progress is stored after this. */
  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  #keepSocketImage(event: Extract<BackendEvent, { type: "preview" }>): void {
    if (event.nodeId === null || this.#params.job.graph[event.nodeId]?.class_type !== socketSaver) return;
    this.#socketImages.push({ nodeId: event.nodeId, contentType: event.contentType, image: event.image });
  }

  #warnAboutSocketImages(): void {
    for (const [nodeId, node] of Object.entries(this.#params.job.graph)) {
      if (node.class_type !== socketSaver) continue;
      this.warn({ code: "socket_images_lost", message: "The connection to ComfyUI broke: images that this node sent meanwhile are missing.", nodeId });
    }
  }

  #scheduleProgress(): void {
    this.#timer ??= this.#params.clock.after(progressMs, () => void this.#saveProgress());
  }

  async #saveProgress(): Promise<void> {
    const { jobs, hub, lease, logger } = this.#params;
    this.#timer = null;
    try {
      await jobs.saveProgress(lease, { progress: this.#progress.snapshot(), cachedNodes: this.#progress.cachedNodes });
      hub.changed(lease.jobId);
    } catch (error) {
      // The next change of progress is another chance; the job itself does not depend on it.
      logger.warn({ job_id: lease.jobId, err: AppError.from(error) }, "could not store a job's progress");
    }
  }
}
