import { AppError } from "../errors/app-error.ts";
import type { JobStore, Lease } from "../job/job-store.ts";
import type { Clock, Timer } from "../telemetry/clock.ts";
import type { Logger } from "../telemetry/logger.ts";

export interface LeaseKeeperParams {
  readonly jobs: JobStore;
  readonly lease: Lease;
  readonly leaseMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called once, when the job belongs to somebody else. */
  readonly onLost: () => void;
}

/** Extends a lease at a third of its length until it is stopped or lost: two extensions may fail before it runs out. */
export class LeaseKeeper {
  readonly #params: LeaseKeeperParams;
  #timer: Timer | null = null;
  #stopped = false;

  constructor(params: LeaseKeeperParams) {
    this.#params = params;
    this.#schedule();
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  #schedule(): void {
    if (this.#stopped) return;
    this.#timer = this.#params.clock.after(this.#params.leaseMs / 3, () => void this.#extend());
  }

  async #extend(): Promise<void> {
    const { jobs, lease, leaseMs, clock, logger, onLost } = this.#params;
    try {
      const answer = await jobs.extend(lease, { leaseMs, nowMs: clock.now() });
      if (answer === "lease-lost" && !this.#stopped) {
        this.stop();
        onLost();
      }
    } catch (error) {
      logger.warn({ job_id: lease.jobId, err: AppError.from(error) }, "could not extend a lease; trying again");
    }
    this.#schedule();
  }
}
