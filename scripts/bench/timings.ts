/** How long something took, many times. Milliseconds. */
export class Timings {
  readonly #all: number[] = [];

  async take<T>(run: () => Promise<T>): Promise<T> {
    const before = performance.now();
    const result = await run();
    this.add(performance.now() - before);
    return result;
  }

  add(ms: number): void {
    this.#all.push(ms);
  }

  get count(): number {
    return this.#all.length;
  }

  /** @param share 0.5 for the median */
  at(share: number): number {
    const sorted = this.#all.toSorted((a, b) => a - b);
    return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
  }

  /** `0.42 / 1.31 ms`: median and 99th percentile. */
  toString(): string {
    return `${this.at(0.5).toFixed(2)} / ${this.at(0.99).toFixed(2)} ms`;
  }
}

/** Calls `run` with 0, 1, 2 … until `count` or until the time is up, `width` of them at a time. */
export async function repeat(params: { readonly count: number; readonly width?: number; readonly withinMs: number }, run: (index: number) => Promise<void>): Promise<{ readonly done: number; readonly perSecond: number }> {
  const began = performance.now();
  let next = 0;
  let done = 0;
  const lane = async (): Promise<void> => {
    while (next < params.count && performance.now() - began < params.withinMs) {
      const index = next;
      next += 1;
      await run(index);
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: params.width ?? 1 }, lane));
  return { done, perSecond: (done * 1000) / (performance.now() - began) };
}
