import { repeat, Timings } from "../timings.ts";
import type { PictureCaller } from "./callers.ts";

export interface Load {
  readonly callers: number;
  readonly forMs: number;
  /** Of each picture. A wrong one would make a fast gateway. */
  readonly bytes: number;
}

export interface LoadResult {
  readonly done: number;
  readonly perSecond: number;
  readonly timings: Timings;
}

/** So many callers at a time, each with its next picture as soon as it has the last. */
export async function load(caller: PictureCaller, { callers, forMs, bytes }: Load): Promise<LoadResult> {
  const timings = new Timings();
  const run = async (seed: number): Promise<void> => {
    const got = await timings.take(() => caller.picture(seed));
    if (got < bytes) throw new Error(`a picture of ${got} bytes came instead of one of ${bytes}`);
  };
  // Both sides warm: compiled code, open connections.
  await repeat({ count: callers * 2, width: callers, withinMs: 2_000 }, (seed) => caller.picture(seed).then(() => undefined));
  const { done, perSecond } = await repeat({ count: Number.MAX_SAFE_INTEGER, width: callers, withinMs: forMs }, run);
  return { done, perSecond, timings };
}
