import { AppError } from "../errors/app-error.ts";
import type { FileStore } from "../files/file-store.ts";
import type { FileOwners } from "../job/file-owners.ts";
import type { RemovableJob, Retention } from "../job/retention.ts";
import type { Clock, Timer } from "../telemetry/clock.ts";
import type { Logger } from "../telemetry/logger.ts";
import { ComfyuiCopies } from "./comfyui-copies.ts";

const restMs = 60_000;
/** Between two ticks while there is more to do: requests come first. */
const pauseMs = 1_000;
/** Without pressure, how often all files are looked through for such as no job needs. */
const walkEveryMs = 60 * 60_000;

/** Of one tick: some tens of milliseconds of the store's time. */
const jobsAtOnce = 50;
const filesAtOnce = 500;

/**
 * A file that was put or asked for this lately may be on its way into a job that is not stored yet: fetching the other
 * inputs of a request, or copying the other outputs of a run, ends long before.
 */
const inUseMs = 60 * 60_000;

export interface UpkeepRules {
  /** How long finished jobs and unused files are kept; null for ever. */
  readonly retentionMs: number | null;
  /** Of all files together; null for no bound. */
  readonly maxStorageBytes: number | null;
  /** ComfyUI's output folder on this machine; null when it is not there. */
  readonly comfyuiOutputDir: string | null;
}

export interface UpkeepParts {
  readonly jobs: Pick<Retention, "listRemovable" | "remove" | "referencedFiles" | "removeExpiredKeys"> & Pick<FileOwners, "forgetFileOwners">;
  readonly files: Pick<FileStore, "usage" | "listUnused" | "remove">;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly rules: UpkeepRules;
}

interface Removed {
  jobs: number;
  files: number;
  bytes: number;
}

/**
 * Removes what has been kept long enough, and beyond the bound of storage what is oldest: finished jobs with all that
 * belongs to them, and files that no job needs. Never an unfinished job, nor one whose webhook is still to be delivered; who
 * reads a file reads it to its end.
 */
export class Upkeep {
  readonly #parts: UpkeepParts;
  readonly #copies: ComfyuiCopies | null;
  #timer: Timer | null = null;
  #running: Promise<void> = Promise.resolve();
  #stopped = false;
  /** Where the walk through all files stands; null between two walks. */
  #after: string | null = null;
  #walkedAt = Number.NEGATIVE_INFINITY;

  constructor(parts: UpkeepParts) {
    this.#parts = parts;
    this.#copies = parts.rules.comfyuiOutputDir === null ? null : new ComfyuiCopies(parts.rules.comfyuiOutputDir);
  }

  start(): void {
    this.#schedule(0);
  }

  /** Resolves when the tick under way has ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await this.#running;
  }

  /** One bounded piece of work. Resolves whether there is more to do. */
  async tick(): Promise<boolean> {
    const { jobs, clock, logger, rules } = this.#parts;
    const removed: Removed = { jobs: 0, files: 0, bytes: 0 };
    try {
      await jobs.removeExpiredKeys(clock.now());
      const excess = await this.#excess();
      const tooOld = rules.retentionMs === null ? Number.NEGATIVE_INFINITY : clock.now() - rules.retentionMs;
      const oldest = await jobs.listRemovable({ completedBefore: excess > 0 ? Number.POSITIVE_INFINITY : tooOld, limit: jobsAtOnce });
      // Files first: on a full disk, forgetting a job may need room that they make.
      const walking = await this.#removeUnused(excess > 0 ? Math.max(tooOld, oldest[0]?.completedAt ?? clock.now()) : tooOld, excess > 0, removed);
      for (const job of oldest) {
        if (job.completedAt >= tooOld && removed.bytes >= excess) break;
        await this.#removeJob(job, removed);
      }
      return walking || removed.jobs === jobsAtOnce;
    } finally {
      if (removed.jobs + removed.files > 0) logger.info({ ...removed }, "old jobs and files were removed");
    }
  }

  /** Bytes that are to go. */
  async #excess(): Promise<number> {
    const { files, rules } = this.#parts;
    return rules.maxStorageBytes === null ? 0 : (await files.usage()) - rules.maxStorageBytes;
  }

  /** The next piece of the walk through all files. Resolves whether it goes on. */
  async #removeUnused(unusedSince: number, isPressing: boolean, removed: Removed): Promise<boolean> {
    const { jobs, files, clock } = this.#parts;
    const now = clock.now();
    const usedBefore = Math.min(unusedSince, now - inUseMs);
    // Also when the clock has been set back.
    const isDue = isPressing || Math.abs(now - this.#walkedAt) >= walkEveryMs;
    if (!Number.isFinite(usedBefore) || (this.#after === null && !isDue)) return false;
    const { ids, next } = await files.listUnused({ usedBefore, after: this.#after, limit: filesAtOnce });
    const referenced = await jobs.referencedFiles(ids);
    await this.#removeFiles(ids.filter((id) => !referenced.has(id)), usedBefore, removed);
    this.#after = next;
    if (next === null) this.#walkedAt = now;
    return next !== null;
  }

  async #removeJob({ jobId }: RemovableJob, removed: Removed): Promise<void> {
    const { jobs, clock, logger } = this.#parts;
    try {
      await this.#copies?.removeOf(jobId);
    } catch (cause) {
      logger.warn({ err: cause, job: jobId }, "ComfyUI's copies of a removed job could not be removed");
    }
    const answer = await jobs.remove({ jobId });
    if (answer.outcome !== "removed") return;
    removed.jobs += 1;
    // One that was asked for just now is left to a later walk.
    await this.#removeFiles(answer.unreferencedFiles, clock.now() - inUseMs, removed);
  }

  async #removeFiles(ids: readonly string[], usedBefore: number, removed: Removed): Promise<void> {
    for (const id of ids) {
      const freed = await this.#parts.files.remove(id, { usedBefore });
      if (freed === null) continue;
      await this.#parts.jobs.forgetFileOwners([id]);
      removed.files += 1;
      removed.bytes += freed;
    }
  }

  #schedule(delayMs: number): void {
    if (this.#stopped) return;
    this.#timer = this.#parts.clock.after(delayMs, () => {
      this.#running = this.#run();
    });
  }

  async #run(): Promise<void> {
    let more = false;
    try {
      more = await this.tick();
    } catch (error) {
      this.#parts.logger.warn({ err: AppError.from(error) }, "old jobs and files could not be removed; it is tried again in a minute");
    }
    this.#schedule(more ? pauseMs : restMs);
  }
}
