import type { Backend } from "./comfyui/backend.ts";
import { AppError } from "./errors/app-error.ts";
import type { FileStore } from "./files/file-store.ts";
import type { GatewayStatus, Readiness } from "./http/deps.ts";
import type { JobStore } from "./job/job-store.ts";
import type { Readings } from "./telemetry/metrics/gauge-readings.ts";
import type { GpuReadings } from "./gpu-readings.ts";
import type { Clock } from "./telemetry/clock.ts";
import type { Logger } from "./telemetry/logger.ts";

interface Parts {
  readonly jobs: JobStore;
  readonly files: FileStore;
  readonly backend: Backend;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly gpus: Pick<GpuReadings, "read">;
}

/** Puts together what `/ready` and `/v1/status` say from the parts that know it. */
export class GatewayHealth {
  readonly #parts: Parts;
  readonly #startedAt: number;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#startedAt = parts.clock.now();
  }

  async readiness(): Promise<Readiness> {
    const { jobs, files, backend } = this.#parts;
    const writable = await Promise.all([this.#writable(() => jobs.ping()), this.#writable(() => files.ping())]);
    const { reachable, reason, stalled } = backend.health();
    const problems = [
      ...(writable.every(Boolean) ? [] : ["The data directory cannot be written: is its disk full, or its owner another user?"]),
      ...(reachable ? [] : [`ComfyUI does not answer${reason === null ? "" : ` (${reason})`}. Jobs are accepted and wait for it.`]),
      ...(stalled ? ["ComfyUI has prompts waiting and runs none: its worker has died. Restart ComfyUI; no job is lost."] : []),
    ];
    return { ready: problems.length === 0, problems };
  }

  async status(): Promise<GatewayStatus> {
    const { jobs, backend, clock } = this.#parts;
    return { uptimeSeconds: Math.floor((clock.now() - this.#startedAt) / 1000), queue: await jobs.counts(), backend: backend.health() };
  }

  /** What the gauges of `/metrics` show. A disk that does not tell its usage takes nothing from the rest. */
  async readings(): Promise<Readings> {
    const { jobs, backend, gpus } = this.#parts;
    const { reachable, stalled } = backend.health();
    const [{ queued, running }, webhooksPending, storageBytes, cards] = await Promise.all([
      jobs.counts(),
      jobs.countPendingWebhooks(),
      this.#storageBytes(),
      gpus.read(),
    ]);
    return { queued, running, webhooksPending, storageBytes, comfyuiReachable: reachable, workerStalled: stalled, socketReconnects: backend.socketReconnects(), gpus: cards };
  }

  async #storageBytes(): Promise<number | null> {
    try {
      return await this.#parts.files.usage();
    } catch (error) {
      this.#parts.logger.warn({ err: AppError.from(error) }, "the size of the kept files cannot be read");
      return null;
    }
  }

  async #writable(ping: () => Promise<void>): Promise<boolean> {
    try {
      await ping();
      return true;
    } catch (error) {
      this.#parts.logger.warn({ err: AppError.from(error) }, "the data directory cannot be written");
      return false;
    }
  }
}
