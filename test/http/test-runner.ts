import { PNG } from "pngjs";
import { z } from "zod";
import { isErrorCode } from "../../src/errors/table.ts";
import type { JobHub } from "../../src/events/job-hub.ts";
import type { FileStore } from "../../src/files/file-store.ts";
import { kindOf } from "../../src/files/media-type.ts";
import type { Job, JobOutput } from "../../src/job/job.ts";
import type { ClaimedJob, JobStore, Lease } from "../../src/job/job-store.ts";
import type { JsonObject } from "../../src/json/exact.ts";
import type { Clock } from "../../src/telemetry/clock.ts";

const orders = z.object({ format: z.string().default("png"), fate: z.string().default("completed") });

export function pngBytes(width = 4, height = 4): Buffer {
  return PNG.sync.write(new PNG({ width, height, fill: true }));
}

/** The smallest lossless WebP: one pixel. */
const webpBytes = Buffer.from("UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA==", "base64");

const contents: Readonly<Record<string, { readonly bytes: Buffer; readonly filename: string; readonly contentType?: string }>> = {
  png: { bytes: pngBytes(), filename: "bild ü.png" },
  webp: { bytes: webpBytes, filename: "out.webp" },
  svg: { bytes: Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'), filename: "out.svg" },
  html: { bytes: Buffer.from("<html><script>alert(1)</script></html>"), filename: "out.html", contentType: "text/html" },
  text: { bytes: Buffer.from("hello"), filename: "text.txt" },
};

interface RunnerParts {
  readonly jobs: JobStore;
  readonly hub: JobHub;
  readonly files: FileStore;
  readonly clock: Clock;
}

/**
 * Runs jobs through the store as the real runner does, without ComfyUI: a job's first node says what comes of it. One
 * whose fate is `pending` is claimed and left so; one that is `running` goes on until `finish`, or until it is cancelled.
 */
export class TestRunner {
  readonly #parts: RunnerParts;
  readonly #running = new Map<string, ClaimedJob>();
  #ends: (() => void)[] = [];
  #work: Promise<void> = Promise.resolve();

  constructor(parts: RunnerParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#ends = [this.#parts.hub.onQueued(() => this.#poke())];
    this.#poke();
  }

  async stop(): Promise<void> {
    for (const end of this.#ends.splice(0)) end();
    await this.#work;
  }

  /** Subscriptions of its own to the hub. */
  get listeners(): number {
    return this.#ends.length;
  }

  /** Resolves when all that has been asked for so far is done. */
  async settled(): Promise<void> {
    await this.#work;
  }

  async progress(jobId: string, percent: number, more: JsonObject = {}): Promise<void> {
    const { jobs, hub, clock } = this.#parts;
    const { lease } = this.#runOf(jobId);
    const progress = { percent, completedNodes: 0, totalNodes: 2, currentNode: null };
    const data = { percent, completed_nodes: 0, total_nodes: 2, current_node: null, ...more };
    await jobs.record(lease, { events: [{ type: "progress", data }], progress, cachedNodes: null, nowMs: clock.now() });
    hub.changed(jobId);
  }

  async finish(jobId: string): Promise<void> {
    // It may have been accepted just now.
    await this.settled();
    const { lease, job } = this.#runOf(jobId);
    this.#running.delete(jobId);
    await this.#end(job, lease, "completed");
  }

  #runOf(jobId: string): ClaimedJob {
    const run = this.#running.get(jobId);
    if (run === undefined) throw new Error("no such job is running");
    return run;
  }

  #poke(): void {
    this.#work = this.#work.then(() => this.#drain());
  }

  async #drain(): Promise<void> {
    const { jobs, hub, clock } = this.#parts;
    for (;;) {
      const claimed = await jobs.claim({ owner: "test", leaseMs: 3_600_000, nowMs: clock.now() });
      if (claimed === null) return;
      hub.queueMoved();
      await this.#run(claimed);
    }
  }

  async #run(claimed: ClaimedJob): Promise<void> {
    const { jobs, hub, clock } = this.#parts;
    const { job, lease } = claimed;
    const { fate } = orders.parse(job.graph["1"]?.inputs ?? {});
    if (fate === "pending") return;
    await jobs.beginAttempt(lease, { promptId: crypto.randomUUID(), nowMs: clock.now() });
    await jobs.markRunning(lease, { startedAt: clock.now(), warnings: [] });
    hub.changed(job.id);
    if (fate !== "running") return this.#end(job, lease, fate);
    this.#running.set(job.id, claimed);
    this.#ends.push(hub.onCancelRequested(job.id, () => {
      this.#work = this.#work.then(() => this.#cancel(job.id));
    }));
  }

  async #cancel(jobId: string): Promise<void> {
    const { jobs, hub, clock } = this.#parts;
    const { lease } = this.#runOf(jobId);
    this.#running.delete(jobId);
    await jobs.cancel(lease, { completedAt: clock.now(), outputs: [], warnings: [], cachedNodes: 0 });
    hub.ended(jobId);
  }

  async #end(job: Job, lease: Lease, fate: string): Promise<void> {
    const { jobs, hub, clock } = this.#parts;
    const { format } = orders.parse(job.graph["1"]?.inputs ?? {});
    const outputs = fate === "completed" ? await this.#outputs(format) : [];
    const finish = { completedAt: clock.now(), outputs, warnings: [], cachedNodes: 0 };
    if (fate === "completed") await jobs.complete(lease, finish);
    else {
      const code = isErrorCode(fate) ? fate : "internal";
      await jobs.fail(lease, { ...finish, error: { code, detail: "Node 1 (Draw): no ink", errors: [{ pointer: "/prompt", message: "no ink", node_id: "1", class_type: "Draw" }] } });
    }
    hub.ended(job.id, fate === "completed" ? outputs : null);
  }

  async #outputs(format: string): Promise<readonly JobOutput[]> {
    const content = contents[format];
    if (content === undefined) return [];
    const stored = await this.#parts.files.put(toStream(content.bytes), { maxBytes: 1_000_000, filename: content.filename });
    const contentType = content.contentType ?? stored.contentType;
    const text = format === "text" ? { text: content.bytes.toString() } : {};
    return [{ index: 0, nodeId: "2", kind: kindOf(contentType, stored.extension), filename: content.filename, contentType, size: stored.size, sha256: stored.id, ...text }];
  }
}

async function* toStream(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
