import { repeat, Timings } from "../timings.ts";
import type { PictureCaller } from "./callers.ts";

export interface Load {
  readonly callers: number;
  /** What a job takes in ComfyUI. */
  readonly jobMs: number;
  /** So long is counted. */
  readonly forMs: number;
  /** Of each picture. A wrong one would make a fast gateway. */
  readonly bytes: number;
}

/** What came of one side's turns so far. */
export class LoadResult {
  readonly timings = new Timings();
  #ms = 0;
  /** Pictures in all, those before and after what is counted among them. */
  pictures = 0;

  add(forMs: number): void {
    this.#ms += forMs;
  }

  get perSecond(): number {
    return (this.timings.count * 1000) / this.#ms;
  }
}

/**
 * What a service has long had after its first minutes: open connections, and compiled code, which V8 makes most of in the
 * first four thousand jobs. Fewer are enough where each is large.
 */
const warmJobs = 5_000;
const warmMs = 30_000;

/** Before anything is measured, on both sides. */
export async function warm(caller: PictureCaller, callers: number): Promise<void> {
  await repeat({ count: warmJobs, width: callers, withinMs: warmMs }, (seed) => caller.picture(seed).then(() => undefined));
}

/** Until all callers are at it, and one round more. */
const runUpMs = 500;

/**
 * So many callers at a time, each with its next picture as soon as it has the last. They begin one after another, as
 * callers do who know nothing of each other: all at once, they would come back all at once ever after. What ends while
 * all are at it counts.
 */
export async function load(caller: PictureCaller, { callers, jobMs, forMs, bytes }: Load, result: LoadResult): Promise<void> {
  const from = performance.now() + runUpMs;
  const until = from + forMs;
  const lane = async (_: unknown, index: number): Promise<void> => {
    await new Promise((resolve) => setTimeout(resolve, (jobMs * index) / callers));
    let seed = index;
    for (let began = performance.now(); began < until; began = performance.now()) {
      const got = await caller.picture(seed);
      const ended = performance.now();
      if (got < bytes) throw new Error(`a picture of ${got} bytes came instead of one of ${bytes}`);
      result.pictures += 1;
      seed += callers;
      if (ended >= from && ended < until) result.timings.add(ended - began);
    }
  };
  await Promise.all(Array.from({ length: callers }, lane));
  result.add(forMs);
}
