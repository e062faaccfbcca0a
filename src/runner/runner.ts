import { AppError } from "../errors/app-error.ts";
import type { ClaimedJob } from "../job/job-store.ts";
import type { Timer } from "../telemetry/clock.ts";
import { Attempt } from "./attempt.ts";
import type { AttemptDeps } from "./attempt-deps.ts";
import { LeaseKeeper } from "./lease-keeper.ts";
import { Line } from "./line.ts";

/** Jobs whose owner died are looked for this often; new ones are announced by the hub. */
const pollMs = 1_000;

export interface RunnerParams extends AttemptDeps {
  /** Names this process in the store. */
  readonly owner: string;
  readonly leaseMs: number;
  /** Prompts that wait in ComfyUI behind the running one, so that the GPU never idles between two jobs. */
  readonly prefetch: number;
  /** By owner of jobs: how many of its jobs may be under way at a time. */
  readonly maxLeased?: ReadonlyMap<string, number>;
}

/** Claims jobs while ComfyUI answers and drives each through an attempt. */
export class Runner {
  readonly #params: RunnerParams;
  /** Graphs are sent in the order in which their jobs were claimed, which is that of the queue. */
  readonly #line = new Line();
  readonly #attempts = new Map<Attempt, Promise<void>>();
  #subscriptions: (() => void)[] = [];
  #timer: Timer | null = null;
  #claiming: Promise<void> | null = null;
  #again = false;
  #stopped = true;

  constructor(params: RunnerParams) {
    this.#params = params;
  }

  /** Attempts under way. */
  get size(): number {
    return this.#attempts.size;
  }

  async start(): Promise<void> {
    const { jobs, hub, backend, owner, logger } = this.#params;
    const orphans = await jobs.orphan({ exceptOwner: owner });
    if (orphans > 0) logger.info({ jobs: orphans }, "taking up the jobs of an earlier process");
    this.#stopped = false;
    this.#subscriptions = [hub.onQueued(() => this.#poke()), backend.onHealth(({ reachable }) => reachable && this.#poke())];
    this.#schedule();
    this.#poke();
  }

  /**
   * Claims no more. Jobs that wait in ComfyUI go back to the queue; the one that runs may end within `drainMs`. What is
   * still under way then is left: ComfyUI goes on with it, and the next process takes it up.
   */
  async stop(params: { readonly drainMs: number }): Promise<void> {
    const { clock, logger } = this.#params;
    this.#stopped = true;
    this.#timer?.cancel();
    for (const unsubscribe of this.#subscriptions) unsubscribe();
    await this.#claiming;
    for (const attempt of this.#attempts.keys()) attempt.giveBack();
    if (this.#attempts.size > 0) logger.info({ jobs: this.#attempts.size, drain_ms: params.drainMs }, "waiting for running jobs to end");
    const patience = clock.after(params.drainMs, () => this.#leaveAll());
    await Promise.all(this.#attempts.values());
    patience.cancel();
  }

  #leaveAll(): void {
    for (const attempt of this.#attempts.keys()) attempt.leave();
  }

  /** Claims as many jobs as there is room for. Resolves when they have been claimed, not when they are done. */
  async tick(): Promise<void> {
    this.#again = true;
    this.#claiming ??= this.#claimAll();
    return this.#claiming;
  }

  #poke(): void {
    this.tick().catch((error: unknown) => this.#params.logger.error({ err: AppError.from(error) }, "could not claim jobs; trying again"));
  }

  #schedule(): void {
    this.#timer = this.#params.clock.after(pollMs, () => {
      this.#poke();
      this.#schedule();
    });
  }

  async #claimAll(): Promise<void> {
    const { jobs, hub, backend, clock, owner, leaseMs, prefetch, watch, maxLeased = new Map() } = this.#params;
    try {
      while (this.#again) {
        this.#again = false;
        const expired = await jobs.expireQueued({ nowMs: clock.now() });
        for (const id of expired) {
          watch.withdrawn({ id, status: "failed", code: "start_timeout", at: clock.now() });
          hub.ended(id);
        }
        if (expired.length > 0) hub.queueMoved();
        // Each round in which all found a job is followed by one of twice as many: the store commits a round together.
        for (let width = 1; !this.#stopped && this.#attempts.size <= prefetch && backend.health().reachable; width *= 2) {
          const room = Math.min(width, prefetch + 1 - this.#attempts.size);
          const claims = await Promise.allSettled(Array.from({ length: room }, () => jobs.claim({ owner, leaseMs, nowMs: clock.now(), maxLeased })));
          const claimed = claims.flatMap((claim) => (claim.status === "fulfilled" && claim.value !== null ? [claim.value] : []));
          for (const one of claimed) this.#drive(one);
          if (claimed.length > 0) hub.queueMoved();
          const failed = claims.find((claim) => claim.status === "rejected");
          if (failed !== undefined) throw failed.reason;
          if (claimed.length < room) break;
        }
      }
    } finally {
      // In the same step as the last look at #again: a tick in between would be lost.
      this.#claiming = null;
    }
  }

  #drive(claimed: ClaimedJob): void {
    const { clock, logger, leaseMs } = this.#params;
    const attempt = new Attempt(this.#params, claimed, this.#line.enter());
    const keeper = new LeaseKeeper({ attempt, leaseMs, clock, logger });
    const done = attempt
      .run()
      .catch((error: unknown) => logger.error({ job_id: claimed.job.id, err: AppError.from(error) }, "an attempt was abandoned; its lease will run out"))
      .finally(() => {
        keeper.stop();
        this.#attempts.delete(attempt);
        if (!this.#stopped) this.#poke();
      });
    this.#attempts.set(attempt, done);
  }
}
