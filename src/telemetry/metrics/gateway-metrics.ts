import { collectDefaultMetrics, Registry } from "prom-client";
import type { JobWatch } from "../job-watch.ts";
import { GaugeReadings, type Readings } from "./gauge-readings.ts";
import { type AnsweredRequest, HttpMetrics } from "./http-metrics.ts";
import { JobMetrics } from "./job-metrics.ts";

/** How often the lag of the event loop is looked at; each time wakes the process. */
const lagEveryMs = 50;

interface GatewayMetricsParams {
  /** The card's name, or `cpu`, for the label of run times. */
  readonly gpuType: () => string;
  /** Asked at each scrape. */
  readonly readings: () => Promise<Readings>;
}

/** All that `/metrics` shows, in a registry of its own: two gateways in one process count apart. */
export class GatewayMetrics {
  readonly #registry = new Registry();
  readonly #jobs: JobMetrics;
  readonly #http: HttpMetrics;
  readonly #gauges: GaugeReadings;
  readonly #readings: () => Promise<Readings>;
  #isProcessMeasured = false;

  constructor({ gpuType, readings }: GatewayMetricsParams) {
    this.#jobs = new JobMetrics(this.#registry, gpuType);
    this.#http = new HttpMetrics(this.#registry);
    this.#gauges = new GaugeReadings(this.#registry);
    this.#readings = readings;
  }

  /** To be told of jobs. */
  get jobs(): JobWatch {
    return this.#jobs;
  }

  answered(request: AnsweredRequest): void {
    this.#http.answered(request);
  }

  /** The text of Prometheus, and its content type. */
  async scrape(): Promise<{ readonly text: string; readonly contentType: string }> {
    if (!this.#isProcessMeasured) this.#measureProcess();
    this.#gauges.show(await this.#readings());
    return { text: await this.#registry.metrics(), contentType: this.#registry.contentType };
  }

  /**
   * Memory, CPU time, garbage collection, open files, event-loop lag: from the first scrape on. Garbage collection and lag
   * take a look of their own at each collection, and twenty times a second, which a gateway that nobody scrapes does without.
   */
  #measureProcess(): void {
    this.#isProcessMeasured = true;
    collectDefaultMetrics({ register: this.#registry, eventLoopMonitoringPrecision: lagEveryMs });
  }
}
