import { Counter, Gauge, type Registry } from "prom-client";
import type { GpuReading } from "./gpu-reading.ts";

/** What the gauges show, read when Prometheus asks. */
export interface Readings {
  readonly queued: number;
  readonly running: number;
  readonly webhooksPending: number;
  /** Bytes of all kept files; null when the disk does not tell. */
  readonly storageBytes: number | null;
  readonly comfyuiReachable: boolean;
  /** Prompts wait in ComfyUI and none runs: it must be restarted. */
  readonly workerStalled: boolean;
  /** Connections to ComfyUI's socket that were lost since the gateway started. */
  readonly socketReconnects: number;
  readonly gpus: readonly GpuReading[];
}

/** The metrics that are states of other parts. */
export class GaugeReadings {
  readonly #apply: (readings: Readings) => void;

  constructor(registry: Registry) {
    const gauge = (name: string, help: string): Gauge => new Gauge({ name, help, registers: [registry] });
    const ofGpu = (name: string, help: string): Gauge<"gpu_id"> => new Gauge({ name, help, labelNames: ["gpu_id"], registers: [registry] });
    const queued = gauge("comfyui_queue_length", "Jobs that wait");
    const running = gauge("comfyui_jobs_running", "Jobs that ComfyUI runs");
    const webhooks = gauge("comfyui_webhooks_pending", "Webhooks still to be delivered");
    const storage = gauge("comfyui_storage_bytes", "Size of all kept input and output files");
    const up = gauge("comfyui_up", "Whether ComfyUI answers: 1 or 0");
    const stalled = gauge("comfyui_worker_stalled", "1 when ComfyUI has prompts waiting and runs none: restart it");
    const reconnects = new Counter({ name: "comfyui_socket_reconnects_total", help: "Lost connections to ComfyUI's socket", registers: [registry] });
    const utilization = ofGpu("comfyui_gpu_utilization", "Share of time the GPU computes, 0 to 100; told by nvidia-smi alone");
    const vramUsed = ofGpu("comfyui_vram_usage_bytes", "Video memory in use, by anyone");
    const vramTotal = ofGpu("comfyui_vram_total_bytes", "Video memory there is");
    let reconnected = 0;
    this.#apply = (readings) => {
      queued.set(readings.queued);
      running.set(readings.running);
      webhooks.set(readings.webhooksPending);
      if (readings.storageBytes !== null) storage.set(readings.storageBytes);
      up.set(readings.comfyuiReachable ? 1 : 0);
      stalled.set(readings.workerStalled ? 1 : 0);
      reconnects.inc(Math.max(0, readings.socketReconnects - reconnected));
      reconnected = readings.socketReconnects;
      // A card that is gone leaves no last value behind.
      for (const metric of [utilization, vramUsed, vramTotal]) metric.reset();
      for (const { id, utilizationPercent, vramUsedBytes, vramTotalBytes } of readings.gpus) {
        if (utilizationPercent !== null) utilization.set({ gpu_id: id }, utilizationPercent);
        vramUsed.set({ gpu_id: id }, vramUsedBytes);
        vramTotal.set({ gpu_id: id }, vramTotalBytes);
      }
    };
  }

  show(readings: Readings): void {
    this.#apply(readings);
  }
}
