import { repeat, Timings } from "../timings.ts";
import type { PictureCaller } from "./callers.ts";

export interface Load {
  readonly callers: number;
  readonly forMs: number;
  /** Of each picture. A wrong one would make a fast gateway. */
  readonly bytes: number;
}

/** What came of one side's turns so far. */
export class LoadResult {
  readonly timings = new Timings();
  #done = 0;
  #ms = 0;

  add(done: number, perSecond: number): void {
    this.#done += done;
    this.#ms += (done / perSecond) * 1000;
  }

  get done(): number {
    return this.#done;
  }

  get perSecond(): number {
    return (this.#done * 1000) / this.#ms;
  }
}

/** What a service has long had after its first minute: compiled code, open connections. Few jobs are enough where each is large. */
const warmJobs = 500;
const warmMs = 4_000;

/** Before anything is measured, on both sides. */
export async function warm(caller: PictureCaller, callers: number): Promise<void> {
  await repeat({ count: warmJobs, width: callers, withinMs: warmMs }, (seed) => caller.picture(seed).then(() => undefined));
}

/** So many callers at a time, each with its next picture as soon as it has the last. */
export async function load(caller: PictureCaller, { callers, forMs, bytes }: Load, result: LoadResult): Promise<void> {
  const run = async (seed: number): Promise<void> => {
    const got = await result.timings.take(() => caller.picture(seed));
    if (got < bytes) throw new Error(`a picture of ${got} bytes came instead of one of ${bytes}`);
  };
  const { done, perSecond } = await repeat({ count: Number.MAX_SAFE_INTEGER, width: callers, withinMs: forMs }, run);
  result.add(done, perSecond);
}
