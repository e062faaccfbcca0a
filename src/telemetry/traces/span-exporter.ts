import type { Clock, Timer } from "../clock.ts";
import type { Logger } from "../logger.ts";
import { otlpBody, type Span } from "./otlp.ts";

/** Spans are sent together, this long after the first. */
const gatherMs = 2_000;
/** Of one message: some 250 KB. */
const maxBatch = 512;
/** While the collector is away, so many are kept; beyond that the oldest go. */
const maxKept = 4_096;
/** A collector answers at once, or is not there. */
const patienceMs = 5_000;

interface SpanExporterParams {
  /** As OTEL_EXPORTER_OTLP_ENDPOINT has it: `/v1/traces` is added. */
  readonly endpoint: string;
  readonly version: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Sends ended spans to a collector (OTLP over HTTP, JSON). Nothing waits for it, and nothing fails when it is away. */
export class SpanExporter {
  readonly #params: SpanExporterParams;
  #kept: Span[] = [];
  #timer: Timer | null = null;
  #sending: Promise<void> | null = null;
  #isAway = false;

  constructor(params: SpanExporterParams) {
    this.#params = params;
  }

  add(span: Span): void {
    this.#kept.push(span);
    if (this.#kept.length > maxKept) this.#kept.shift();
    // So that a busy gateway loses none to the bound.
    if (this.#kept.length >= maxBatch && !this.#isAway) void this.flush();
    this.#timer ??= this.#params.clock.after(gatherMs, () => {
      this.#timer = null;
      void this.flush();
    });
  }

  /** Sends what there is. Resolves when the collector has answered, or does not. */
  flush(): Promise<void> {
    this.#sending ??= this.#sendAll().finally(() => {
      this.#sending = null;
    });
    return this.#sending;
  }

  /** Sends what is left. */
  async stop(): Promise<void> {
    this.#timer?.cancel();
    await this.#sending;
    await this.flush();
  }

  async #sendAll(): Promise<void> {
    while (this.#kept.length > 0) {
      const batch = this.#kept.splice(0, maxBatch);
      if (await this.#send(batch)) continue;
      // Tried again with the next span.
      this.#kept = [...batch, ...this.#kept].slice(-maxKept);
      return;
    }
  }

  /** @returns whether it need not be sent again */
  async #send(batch: readonly Span[]): Promise<boolean> {
    const { endpoint, version, clock } = this.#params;
    const controller = new AbortController();
    const timer = clock.after(patienceMs, () => controller.abort());
    try {
      const headers = { "content-type": "application/json" };
      const url = `${endpoint.replace(/\/+$/, "")}/v1/traces`;
      const response = await fetch(url, { method: "POST", headers, body: otlpBody(batch, version), redirect: "error", signal: controller.signal });
      await response.body?.cancel();
      // OTLP names these as worth another try; what else is refused would be refused again.
      const isAway = [429, 502, 503, 504].includes(response.status);
      if (!response.ok) this.#tell({ status: response.status, spans: batch.length });
      this.#isAway = isAway;
      return !isAway;
    } catch (error) {
      this.#tell({ err: error, spans: batch.length });
      this.#isAway = true;
      return false;
    } finally {
      timer.cancel();
    }
  }

  /** Once for each time it goes away. */
  #tell(fields: Readonly<Record<string, unknown>>): void {
    if (!this.#isAway) this.#params.logger.warn(fields, "the collector does not take traces");
  }
}
