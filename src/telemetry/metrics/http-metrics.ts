import { Histogram, type Registry } from "prom-client";
import { methodLabel } from "../method-label.ts";

export interface AnsweredRequest {
  readonly method: string;
  /** Pattern of the route, not the path: there are only so many. */
  readonly route: string;
  readonly status: number;
  readonly seconds: number;
}

/** How long requests take until their answer begins. One that waits for its job takes as long as the job. */
export class HttpMetrics {
  readonly #duration: Histogram<"method" | "route" | "status">;

  constructor(registry: Registry) {
    this.#duration = new Histogram({
      name: "comfyui_http_request_duration_seconds",
      help: "Requests until their answer begins, by pattern of the route; those that run something wait for their job",
      labelNames: ["method", "route", "status"],
      buckets: [0.002, 0.01, 0.05, 0.25, 1, 5, 30, 120],
      registers: [registry],
    });
  }

  answered({ method, route, status, seconds }: AnsweredRequest): void {
    this.#duration.observe({ method: methodLabel(method), route, status: String(status) }, Math.max(0, seconds));
  }
}
