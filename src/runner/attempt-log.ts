import type { BackendEvent } from "../comfyui/event.ts";
import type { RunFailure } from "../comfyui/history.ts";
import type { JobHub } from "../events/job-hub.ts";
import type { Job, JobWarning } from "../job/job.ts";
import type { ProgressRecord, RecordedEvent } from "../job/job-store.ts";
import type { JsonValue } from "../json/exact.ts";
import type { Clock, Timer } from "../telemetry/clock.ts";
import type { HeldJob } from "./held-job.ts";
import type { Found, SocketImage } from "./output-collector.ts";
import { ProgressTracker } from "./progress-tracker.ts";
import { nodeEvent, progressEvent, warningEvent } from "./run-event.ts";

/** Three times a second is as often as a person sees, keeps the store's writes few, and leaves what a run of a quarter of a second tells to be stored with its end. */
const recordMs = 333;
/** More warnings than this tell a caller nothing new. */
const maxWarnings = 100;
const nodeErrorCode = "node_error";
/** This class sends its finished images as preview frames and saves nothing (comfyui-protocol.md §2.5). */
const socketSaver = "SaveImageWebsocket";

type Rest = Pick<ProgressRecord, "events" | "progress">;

interface AttemptLogParams {
  readonly held: HeldJob;
  readonly hub: JobHub;
  readonly clock: Clock;
}

/** What an attempt's events told: progress and node events (stored together, at most three times a second), warnings, outputs. */
export class AttemptLog {
  readonly #params: AttemptLogParams;
  readonly #progress: ProgressTracker;
  readonly #warnings: JobWarning[];
  readonly #announced = new Map<string, JsonValue[]>();
  readonly #socketImages: SocketImage[] = [];
  #unrecorded: RecordedEvent[] = [];
  #recording: Promise<void> = Promise.resolve();
  #progressed = false;
  #startedAt: number | null = null;
  #timer: Timer | null = null;
  #stopped = false;

  constructor(params: AttemptLogParams) {
    const { job } = params.held;
    this.#params = params;
    this.#progress = new ProgressTracker(job.graph, job.progress?.percent);
    this.#warnings = [...job.warnings];
  }

  /** Whether ComfyUI has begun to run the prompt. */
  get started(): boolean {
    return this.#startedAt !== null;
  }

  /** When the first event of the run came. */
  get startedAt(): number | null {
    return this.#startedAt;
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
    if (this.#warnings.length >= maxWarnings) return;
    this.#warnings.push(warning);
    this.#note(warningEvent(warning));
  }

  apply(event: BackendEvent): void {
    if (this.#stopped) return;
    if (this.#progress.apply(event)) {
      this.#progressed = true;
      this.#schedule();
    }
    switch (event.type) {
      case "started":
        this.#startedAt ??= this.#params.clock.now();
        break;
      case "node-started":
        this.#startedAt ??= this.#params.clock.now();
        this.#note(nodeEvent("node_started", this.#job.graph, event.nodeId));
        break;
      case "node-finished":
        this.#note(nodeEvent("node_finished", this.#job.graph, event.nodeId));
        break;
      case "node-output":
        this.#announced.set(event.nodeId, [...(this.#announced.get(event.nodeId) ?? []), event.ui]);
        break;
      case "node-error":
        this.warn({ code: nodeErrorCode, message: `${event.classType}: ${event.message}`, nodeId: event.nodeId });
        break;
      case "preview":
        this.#keepImage(event);
        break;
      case "gap":
        this.#warnAboutSocketImages();
        break;
      default:
    }
  }

  /** Stores what has not been stored yet; nothing is stored by itself after this. */
  async settle(): Promise<void> {
    this.stop();
    await this.#recording;
    await this.#record();
  }

  /** What has not been stored yet, for whoever stores it with the end of the job; nothing is stored by itself after this. */
  async rest(): Promise<Rest> {
    this.stop();
    await this.#recording;
    return this.#takeUnrecorded() ?? { events: [], progress: null };
  }

  /** Nothing is stored after this. */
  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  get #job(): Job {
    return this.#params.held.job;
  }

  #keepImage({ nodeId, contentType, image }: Extract<BackendEvent, { type: "preview" }>): void {
    const isOutput = nodeId !== null && this.#job.graph[nodeId]?.class_type === socketSaver;
    if (isOutput) this.#socketImages.push({ nodeId, contentType, image });
    else this.#params.hub.preview(this.#job.id, { nodeId, contentType, image });
  }

  #warnAboutSocketImages(): void {
    for (const [nodeId, node] of Object.entries(this.#job.graph)) {
      if (node.class_type !== socketSaver) continue;
      this.warn({ code: "socket_images_lost", message: "The connection to ComfyUI broke: images that this node sent meanwhile are missing.", nodeId });
    }
  }

  #note(event: RecordedEvent | null): void {
    if (event === null || this.#stopped) return;
    this.#unrecorded.push(event);
    this.#schedule();
  }

  #schedule(): void {
    this.#timer ??= this.#params.clock.after(recordMs, () => {
      this.#timer = null;
      this.#recording = this.#record();
    });
  }

  async #record(): Promise<void> {
    const rest = this.#takeUnrecorded();
    if (rest !== null) await this.#params.held.record({ ...rest, cachedNodes: this.#progress.cachedNodes });
  }

  #takeUnrecorded(): Rest | null {
    if (this.#unrecorded.length === 0 && !this.#progressed) return null;
    const progress = this.#progress.snapshot();
    const events = this.#progressed ? [...this.#unrecorded, progressEvent(progress)] : this.#unrecorded;
    this.#unrecorded = [];
    this.#progressed = false;
    return { events, progress };
  }
}
