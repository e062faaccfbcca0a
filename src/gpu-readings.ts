import { execFile } from "node:child_process";
import type { Clock } from "./telemetry/clock.ts";
import { cardName, type ComfyuiDevice, type GpuReading, nvidiaSmiQuery, readDevices, readNvidiaSmi } from "./telemetry/metrics/gpu-reading.ts";

/** nvidia-smi takes some 50 ms, and hangs when the driver does. */
const patienceMs = 2_000;
/** Scrapes that come closer together share an answer. */
const keptMs = 4_000;
/** A host without nvidia-smi, or with a driver that hangs, is asked again after this. */
const pauseMs = 60_000;
/** Of its answer: a line for each card. */
const maxBytes = 64 * 1024;

interface GpuReadingsParams {
  readonly devices: () => readonly ComfyuiDevice[];
  readonly clock: Pick<Clock, "now">;
  /** The program, for tests of one that hangs or is missing. */
  readonly nvidiaSmi?: string;
}

/** The host's cards: from nvidia-smi where there is one, else from what ComfyUI says of them. */
export class GpuReadings {
  readonly #params: GpuReadingsParams;
  #kept: readonly GpuReading[] | null = null;
  #asking: Promise<readonly GpuReading[] | null> | null = null;
  #askAgainAt = Number.NEGATIVE_INFINITY;

  constructor(params: GpuReadingsParams) {
    this.#params = params;
  }

  /** What ComfyUI computes with, for a label: the first card's name, `cpu`, or `unknown` before ComfyUI has told. */
  type(): string {
    const [first] = this.#params.devices();
    if (first === undefined) return "unknown";
    return first.type === "cpu" ? "cpu" : cardName(first.name);
  }

  async read(): Promise<readonly GpuReading[]> {
    const { clock, devices } = this.#params;
    if (clock.now() >= this.#askAgainAt) {
      this.#asking ??= this.#ask().finally(() => {
        this.#asking = null;
      });
      this.#kept = await this.#asking;
      this.#askAgainAt = clock.now() + (this.#kept === null ? pauseMs : keptMs);
    }
    return this.#kept ?? readDevices(devices());
  }

  /** null when it is not there, fails, takes too long or names no card. */
  #ask(): Promise<readonly GpuReading[] | null> {
    return new Promise((resolve) => {
      const options = { timeout: patienceMs, killSignal: "SIGKILL", maxBuffer: maxBytes, encoding: "utf8" } as const;
      execFile(this.#params.nvidiaSmi ?? "nvidia-smi", nvidiaSmiQuery, options, (error, stdout) => {
        const cards = error === null ? readNvidiaSmi(stdout) : [];
        resolve(cards.length === 0 ? null : cards);
      });
    });
  }
}
