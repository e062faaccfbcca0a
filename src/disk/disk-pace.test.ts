import { beforeEach, describe, expect, it } from "vitest";
import { DiskPace } from "./disk-pace.ts";

let nowMs: number;
let pace: DiskPace;

beforeEach(() => {
  nowMs = 0;
  pace = new DiskPace(() => nowMs);
});

/** Work that takes so long when the event loop waits for it. @returns where it was done */
function work(ms: number): Promise<"at once" | "beside"> {
  return pace.do<"at once" | "beside">(
    () => {
      nowMs += ms;
      return "at once";
    },
    async () => "beside",
  );
}

async function slowDown(): Promise<number> {
  for (let count = 1; ; count += 1) if ((await work(8)) === "beside") return count - 1;
}

describe("work on a disk", () => {
  it("is done at once while the disk is quick", async () => {
    for (let count = 0; count < 1000; count += 1) expect(await work(0.2)).toBe("at once");
  });

  it("is done beside the event loop once the disk was slow three times in a row", async () => {
    expect(await slowDown()).toBe(3);
    expect(await work(0.2)).toBe("beside");
  });

  it("stays at once when one piece among many was held up, however long", async () => {
    for (let count = 0; count < 100; count += 1) expect(await work(count % 20 === 10 ? 200 : 0.2)).toBe("at once");
  });

  it("is tried at once again after a while, and after twice as long when the disk is still slow", async () => {
    await slowDown();
    nowMs += 4_999;
    expect(await work(0.2)).toBe("beside");
    nowMs += 1;
    expect(await slowDown()).toBe(3);
    nowMs += 9_999;
    expect(await work(0.2)).toBe("beside");
    nowMs += 1;
    expect(await work(0.2)).toBe("at once");
  });

  it("keeps a disk that is always slow from being waited for more than a few times an hour", async () => {
    let waited = 0;
    for (; nowMs < 3_600_000; nowMs += 100) if ((await work(50)) === "at once") waited += 1;
    expect(waited).toBeLessThan(60);
  });

  it("rejects with what it failed with, in either place", async () => {
    const full = new Error("ENOSPC");
    const refuse = (): never => {
      throw full;
    };
    await expect(pace.do(refuse, async () => "beside")).rejects.toBe(full);
    await slowDown();
    await expect(pace.do(() => "at once", async () => refuse())).rejects.toBe(full);
  });
});
