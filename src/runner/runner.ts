import { AppError } from "../errors/app-error.ts";
import type { ClaimedJob } from "../job/job-store.ts";
import type { Timer } from "../telemetry/clock.ts";
import { Attempt } from "./attempt.ts";
import type { AttemptDeps } from "./attempt-deps.ts";
import { LeaseKeeper } from "./lease-keeper.ts";
import { Line, type Place } from "./line.ts";

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
  readonly #looks = new Set<Promise<void>>();
  #looking = false;
  /** Claims that have not been answered. */
  #claims = 0;
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
    this.#subscriptions = [hub.onArriving((claims) => this.#expect(claims)), hub.onQueued(() => this.#poke()), backend.onHealth(({ reachable }) => reachable && this.#poke())];
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
    await Promise.all(this.#looks);
    for (const attempt of this.#attempts.keys()) attempt.giveBack();
    if (this.#attempts.size > 0) logger.info({ jobs: this.#attempts.size, drain_ms: params.drainMs }, "waiting for running jobs to end");
    const patience = clock.after(params.drainMs, () => this.#leaveAll());
    await Promise.all(this.#attempts.values());
    patience.cancel();
  }

  #leaveAll(): void {
    for (const attempt of this.#attempts.keys()) attempt.leave();
  }

  /** Has jobs claimed. One that asks before the last one who asked has counted them gets the same answer. */
  #poke(): void {
    if (this.#looking) return;
    this.#looking = true;
    this.#track(this.#look());
  }

  /** A job is about to enter the queue: the claim goes into the same transaction. */
  #expect(claims: () => void): void {
    if (this.#room() === 0) return;
    claims();
    this.#track(this.#claimExpected());
  }

  /** One that was not taken in leaves the room that it held to those who found none meanwhile. */
  async #claimExpected(): Promise<void> {
    if (!(await this.#claimSome(1))) this.#poke();
  }

  #track(look: Promise<void>): void {
    const tracked = look
      .catch((error: unknown) => this.#params.logger.error({ err: AppError.from(error) }, "could not claim jobs; trying again"))
      .finally(() => this.#looks.delete(tracked));
    this.#looks.add(tracked);
  }

  #schedule(): void {
    this.#timer = this.#params.clock.after(pollMs, () => {
      this.#poke();
      this.#schedule();
    });
  }

  /** Claims as many jobs as there are, and as there is room for. A look does not wait for the claims of the one before. */
  async #look(): Promise<void> {
    const found = await this.#count();
    await this.#claimSome(Math.min(found, this.#room()));
  }

  /** @returns whether there was any */
  async #claimSome(some: number): Promise<boolean> {
    if (some === 0) return false;
    const claimed = await Promise.all(Array.from({ length: some }, () => this.#claim()));
    if (!claimed.includes(true)) return false;
    this.#params.hub.queueMoved();
    return true;
  }

  async #count(): Promise<number> {
    const { jobs, clock } = this.#params;
    try {
      await this.#expire();
    } finally {
      // In the same step as the count: who asks in between would get the answer of before.
      this.#looking = false;
    }
    const room = this.#room();
    return room === 0 ? 0 : jobs.countClaimable({ nowMs: clock.now(), limit: room });
  }

  #room(): number {
    const { prefetch, backend } = this.#params;
    if (this.#stopped || !backend.health().reachable) return 0;
    return Math.max(0, prefetch + 1 - this.#attempts.size - this.#claims);
  }

  async #expire(): Promise<void> {
    const { jobs, hub, clock, watch } = this.#params;
    const expired = await jobs.expireQueued({ nowMs: clock.now() });
    for (const id of expired) {
      watch.withdrawn({ id, status: "failed", code: "start_timeout", at: clock.now() });
      hub.ended(id);
    }
    if (expired.length > 0) hub.queueMoved();
  }

  /** @returns whether there was one */
  async #claim(): Promise<boolean> {
    const { jobs, clock, owner, leaseMs, maxLeased = new Map(), newPromptId } = this.#params;
    // Claims are made in the order in which they are asked for, and may be told in another.
    const place = this.#line.enter();
    this.#claims += 1;
    let claimed: ClaimedJob | null = null;
    try {
      claimed = await jobs.claim({ owner, leaseMs, nowMs: clock.now(), maxLeased, begin: { newPromptId } });
    } finally {
      this.#claims -= 1;
      if (claimed === null) place.next();
      else this.#drive(claimed, place);
    }
    return claimed !== null;
  }

  #drive(claimed: ClaimedJob, place: Place): void {
    const { clock, logger, leaseMs } = this.#params;
    const attempt = new Attempt(this.#params, claimed, place);
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
