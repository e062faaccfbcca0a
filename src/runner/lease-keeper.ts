import { AppError } from "../errors/app-error.ts";
import type { Clock, Timer } from "../telemetry/clock.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { Attempt } from "./attempt.ts";

export interface LeaseKeeperParams {
  readonly attempt: Attempt;
  readonly leaseMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Extends an attempt's lease at a third of its length: two extensions may fail before it runs out. The answer also
 * tells when the job belongs to somebody else, or when a cancel was asked for through another gateway.
 */
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
    const { attempt, leaseMs, logger } = this.#params;
    try {
      const answer = await attempt.held.extend(leaseMs);
      if (answer === "cancel-requested") attempt.cancel();
      if (answer === "lease-lost" && !this.#stopped) {
        this.stop();
        attempt.leave();
      }
    } catch (error) {
      logger.warn({ job_id: attempt.held.job.id, err: AppError.from(error) }, "could not extend a lease; trying again");
    }
    this.#schedule();
  }
}
