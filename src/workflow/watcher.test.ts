import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { systemClock } from "../telemetry/clock.ts";
import { HeldClock } from "../telemetry/held-clock.ts";
import { FolderWatcher } from "./watcher.ts";

let dir = "";
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "watcher-"));
});
const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
  await rm(dir, { recursive: true, force: true });
});

async function rig(changed: () => Promise<void> = () => Promise.resolve()) {
  const clock = new HeldClock();
  const calls = vi.fn<() => Promise<void>>(changed);
  const failed = vi.fn<(error: unknown) => void>();
  const watcher = new FolderWatcher({ dir, clock, changed: calls, failed });
  await watcher.start();
  stops.push(() => watcher.stop());
  /** As the clock's timers do, and waits for the end of it. */
  const look = async (ms: number) => {
    clock.advance(ms);
    await watcher.look();
  };
  return { clock, calls, failed, watcher, look };
}

describe("FolderWatcher", () => {
  it("tells of a change once, when two looks have found the same", async () => {
    const { calls, look } = await rig();
    await look(1_000);
    expect(calls).not.toHaveBeenCalled();
    await writeFile(join(dir, "a.json"), "{}");
    await look(1_000);
    expect(calls).not.toHaveBeenCalled();
    await look(200);
    expect(calls).toHaveBeenCalledTimes(1);
    await look(1_000);
    await look(1_000);
    expect(calls).toHaveBeenCalledTimes(1);
  });

  it.each([
    ["a changed file of the same length", () => writeFile(join(dir, "f/x.json"), "[2]")],
    ["a removed file", () => rm(join(dir, "f/x.json"))],
    ["a renamed folder", () => rename(join(dir, "f"), join(dir, "g"))],
    ["a helper", () => writeFile(join(dir, "_shared.ts"), "")],
    ["a file in a new folder", () => mkdir(join(dir, "n")).then(() => writeFile(join(dir, "n/y.json"), ""))],
  ])("notices %s", async (_what, change) => {
    await mkdir(join(dir, "f"));
    await writeFile(join(dir, "f/x.json"), "[1]");
    const { calls, look } = await rig();
    await change();
    await look(1_000);
    await look(200);
    expect(calls).toHaveBeenCalledTimes(1);
  });

  it("waits for a folder that changes all the time, but not for ever", async () => {
    const { calls, look } = await rig();
    const heard: number[] = [];
    for (let turn = 0; turn < 8; turn += 1) {
      await writeFile(join(dir, `${turn}.json`), "");
      await look(200);
      heard.push(calls.mock.calls.length);
    }
    expect([heard[3], heard[7]]).toEqual([0, 1]);
  });

  it("goes on after a failure, a folder that goes, and one that comes back", async () => {
    const { calls, failed, look } = await rig(() => Promise.reject(new Error("no luck")));
    await rm(dir, { recursive: true });
    await look(1_000);
    await look(200);
    expect(failed).toHaveBeenCalledTimes(1);
    await mkdir(dir);
    await writeFile(join(dir, "a.json"), "");
    await look(1_000);
    await look(200);
    expect(calls).toHaveBeenCalledTimes(2);
  });

  it("leaves no timer behind, and tells nothing once it is stopped", async () => {
    const { clock, calls, watcher, look } = await rig();
    await writeFile(join(dir, "a.json"), "");
    await look(1_000);
    await watcher.stop();
    expect(clock.pendingTimers).toBe(0);
    await watcher.look();
    expect(calls).not.toHaveBeenCalled();
  });

  it("works with the system's own clock and events", async () => {
    const changed = vi.fn<() => Promise<void>>(() => Promise.resolve());
    const watcher = new FolderWatcher({ dir, clock: systemClock, changed, failed: () => undefined });
    await watcher.start();
    stops.push(() => watcher.stop());
    await writeFile(join(dir, "a.json"), "{}");
    await vi.waitFor(() => expect(changed).toHaveBeenCalledTimes(1), { timeout: 10_000 });
  });
});
