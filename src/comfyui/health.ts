import { z } from "zod";
import { AppError } from "../errors/app-error.ts";
import { parsePythonJson } from "../json/exact.ts";
import type { Clock, Timer } from "../telemetry/clock.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { BackendHealth } from "./backend.ts";
import { reasonOfStatus } from "./backend-error.ts";
import { ConnectionFault } from "./connection-fault.ts";
import type { ComfyHttp } from "./http-client.ts";
import { readQueue } from "./prompt-queue.ts";
import { timeoutsMs } from "./timeouts.ts";

/** Between the end of a probe and the next: a ComfyUI that came up is used within seconds. /object_info, which blocks it, is never asked. */
const probeEveryMs = 5_000;
/** A load of models can block ComfyUI for longer than a probe waits, with nothing wrong: one such miss is forgiven. */
const forgivenMisses = 1;

const statsSchema = z.looseObject({
  system: z.looseObject({ comfyui_version: z.string().nullish().catch(null) }),
  devices: z
    .array(
      z.looseObject({
        name: z.string().catch("unknown"),
        type: z.string().catch("unknown"),
        vram_total: z.number().catch(0),
        vram_free: z.number().catch(0),
      }),
    )
    .catch([]),
});

const queueSchema = z.looseObject({ exec_info: z.looseObject({ queue_remaining: z.number() }) });

/** What a probe found out. `queueRemaining` is undefined when ComfyUI did not tell. */
type Finding =
  | { readonly ok: true; readonly stats: z.infer<typeof statsSchema>; readonly queueRemaining: number | undefined; readonly idle: boolean }
  | { readonly ok: false; readonly reason: string; readonly forgivable: boolean };

/**
 * Between two prompts nothing runs for an instant. Prompts that wait at this many probes in a row while nothing runs
 * have no worker any more: it died, and only a restart of ComfyUI helps (comfyui-protocol.md §3.2).
 */
const idleProbesToBelieve = 2;

/** Knows whether ComfyUI answers: asks every few seconds, and listens to what becomes of all other calls. */
export class HealthProbe {
  readonly #http: ComfyHttp;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #listeners = new Set<{ readonly call: (health: BackendHealth) => void }>();
  #health: BackendHealth;
  #timer: Timer | null = null;
  #probing = false;
  #running = false;
  #misses = 0;
  #idleProbes = 0;

  constructor(params: { readonly http: ComfyHttp; readonly clock: Clock; readonly logger: Logger }) {
    this.#http = params.http;
    this.#clock = params.clock;
    this.#logger = params.logger;
    this.#health = {
      reachable: false,
      since: params.clock.now(),
      reason: "not asked yet",
      version: null,
      devices: [],
      queueRemaining: null,
      stalled: false,
    };
    params.http.onFault((fault) => this.#noteFault(fault));
  }

  get current(): BackendHealth {
    return this.#health;
  }

  onChange(listener: (health: BackendHealth) => void): () => void {
    const entry = { call: listener };
    this.#listeners.add(entry);
    return () => {
      this.#listeners.delete(entry);
    };
  }

  start(): void {
    if (this.#running) return;
    this.#running = true;
    this.probeNow();
  }

  stop(): void {
    this.#running = false;
    this.#timer?.cancel();
    this.#timer = null;
  }

  /** Asks at once, unless an answer is being waited for. */
  probeNow(): void {
    if (this.#probing || !this.#running) return;
    this.#timer?.cancel();
    this.#timer = null;
    void this.#probe();
  }

  noteQueue(queueRemaining: number): void {
    if (this.#health.reachable) this.#health = { ...this.#health, queueRemaining };
  }

  async #probe(): Promise<void> {
    this.#probing = true;
    const finding = await this.#ask();
    this.#probing = false;
    if (!this.#running) return;
    this.#apply(finding);
    this.#timer = this.#clock.after(probeEveryMs, () => this.probeNow());
  }

  async #ask(): Promise<Finding> {
    try {
      const { status, text } = await this.#http.call("/api/system_stats", { timeoutMs: timeoutsMs.probe });
      if (status !== 200) return { ok: false, reason: reasonOfStatus(status), forgivable: false };
      const stats = statsSchema.parse(parsePythonJson(text));
      const queueRemaining = await this.#askQueue();
      return { ok: true, stats, queueRemaining, idle: (queueRemaining ?? 0) > 0 && (await this.#isIdle()) };
    } catch (error) {
      if (error instanceof ConnectionFault) return { ok: false, reason: error.reason, forgivable: error.mayHaveArrived };
      this.#logger.debug({ err: error }, "the answer to a probe of ComfyUI cannot be read");
      return { ok: false, reason: "answered something that is not ComfyUI's", forgivable: false };
    }
  }

  async #askQueue(): Promise<number | undefined> {
    const { status, text } = await this.#http.call("/api/prompt", { timeoutMs: timeoutsMs.probe });
    if (status !== 200) return undefined;
    return queueSchema.safeParse(parsePythonJson(text)).data?.exec_info.queue_remaining;
  }

  /** Whether prompts wait while none runs. */
  async #isIdle(): Promise<boolean> {
    try {
      const { running, waiting } = await readQueue(this.#http);
      return running.length === 0 && waiting.length > 0;
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      this.#logger.debug({ err: error }, "ComfyUI's queue cannot be read");
      return false;
    }
  }

  #apply(finding: Finding): void {
    if (!finding.ok) {
      this.#misses += 1;
      if (this.#health.reachable && finding.forgivable && this.#misses <= forgivenMisses) return;
      this.#setUnreachable(finding.reason);
      return;
    }
    this.#misses = 0;
    const { stats, queueRemaining, idle } = finding;
    this.#idleProbes = idle ? this.#idleProbes + 1 : 0;
    this.#set({
      reachable: true,
      reason: null,
      version: stats.system.comfyui_version ?? null,
      devices: stats.devices.map((device) => ({
        name: device.name,
        type: device.type,
        vramTotal: device.vram_total,
        vramFree: device.vram_free,
      })),
      queueRemaining: queueRemaining ?? this.#health.queueRemaining,
      stalled: this.#idleProbes >= idleProbesToBelieve,
    });
  }

  #noteFault(fault: ConnectionFault): void {
    if (!this.#running) return;
    if (!fault.mayHaveArrived) this.#setUnreachable(fault.reason);
    // A broken connection may mean a restart: find out now.
    else this.probeNow();
  }

  #setUnreachable(reason: string): void {
    this.#idleProbes = 0;
    this.#set({ ...this.#health, reachable: false, reason, queueRemaining: null, stalled: false });
  }

  #set(health: Omit<BackendHealth, "since">): void {
    const changed = health.reachable !== this.#health.reachable;
    if (health.stalled && !this.#health.stalled) this.#logger.error({}, "ComfyUI has prompts waiting and runs none: its worker has died; restart it");
    this.#health = { ...health, since: changed ? this.#clock.now() : this.#health.since };
    if (!changed) return;
    if (health.reachable) this.#logger.info({ version: health.version }, "ComfyUI answers");
    else this.#logger.warn({ reason: health.reason }, "ComfyUI does not answer");
    for (const listener of [...this.#listeners]) {
      try {
        listener.call(this.#health);
      } catch (error) {
        this.#logger.error({ err: AppError.from(error) }, "a listener of ComfyUI's health failed");
      }
    }
  }
}
