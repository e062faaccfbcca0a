import type { JobOutput } from "../job/job.ts";
import type { JobHub } from "./job-hub.ts";
import { Latch } from "./latch.ts";

/** What the hub tells of one job's end from now on, for one who waits for it. Closed at the end. */
export class EndWatch {
  readonly #latch = new Latch();
  readonly #unsubscribe: () => void;
  #outputs: readonly JobOutput[] | null = null;

  constructor(hub: Pick<JobHub, "onEnd">, jobId: string) {
    this.#unsubscribe = hub.onEnd(jobId, (outputs) => {
      this.#outputs ??= outputs;
      this.#latch.set();
    });
  }

  /** Those that the job has completed with; null until then, and when it is to be read. */
  get outputs(): readonly JobOutput[] | null {
    return this.#outputs;
  }

  /** Resolves when the job may have ended since the last wait, or by {@link wake}. */
  wait(): Promise<void> {
    return this.#latch.wait();
  }

  wake(): void {
    this.#latch.set();
  }

  close(): void {
    this.#unsubscribe();
  }
}
