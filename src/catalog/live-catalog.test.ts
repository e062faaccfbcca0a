import { describe, expect, it, vi } from "vitest";
import { parseCatalog } from "../graph/catalog.ts";
import { HeldClock } from "../telemetry/held-clock.ts";
import { silentLogger } from "../telemetry/logger.ts";
import { CatalogStore } from "./catalog-store.ts";
import { LiveCatalog } from "./live-catalog.ts";

/** On a machine that runs everything else at the same time. */
const soon = { timeout: 10_000 };

/** A ComfyUI whose answers are given one by one. */
class TestComfyui {
  reachable = false;
  readonly asked: { answer: (text: string) => void; fail: () => void }[] = [];
  readonly #listeners = new Set<(health: { reachable: boolean }) => void>();

  health() {
    return { reachable: this.reachable };
  }

  onHealth(listener: (health: { reachable: boolean }) => void) {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  objectInfo(): Promise<string> {
    return new Promise((resolve, reject) => {
      this.asked.push({ answer: resolve, fail: () => reject(new Error("busy")) });
    });
  }

  become(reachable: boolean): void {
    this.reachable = reachable;
    for (const listener of this.#listeners) listener({ reachable });
  }
}

const answerOf = (name: string): string => JSON.stringify({ [name]: { input: {}, output: [] } });

async function rig() {
  const clock = new HeldClock();
  const source = new TestComfyui();
  const core = () => parseCatalog({ Core: { input: {}, output: [] } }).catalog;
  const store = await CatalogStore.open({ file: null, keptAs: null, core, logger: silentLogger });
  const live = new LiveCatalog({ store, source, clock, logger: silentLogger });
  const asked = (count: number) => vi.waitFor(() => expect(source.asked).toHaveLength(count), soon);
  const has = (name: string) => vi.waitFor(() => expect([...store.current.catalog.classes.keys()]).toEqual([name]), soon);
  return { clock, source, store, live, asked, has };
}

describe("LiveCatalog", () => {
  it("asks once when ComfyUI becomes reachable, and again after a restart, never by the clock", async () => {
    const { clock, source, live, asked, has } = await rig();
    live.start();
    clock.advance(86_400_000);
    expect(source.asked).toHaveLength(0);
    source.become(true);
    await asked(1);
    source.asked[0]?.answer(answerOf("A"));
    await has("A");
    clock.advance(86_400_000);
    expect(source.asked).toHaveLength(1);
    source.become(false);
    source.become(true);
    await asked(2);
    source.asked[1]?.answer(answerOf("B"));
    await has("B");
    await live.stop();
    expect(clock.pendingTimers).toBe(0);
  });

  it("asks at once when ComfyUI is there already", async () => {
    const { source, live, asked, has } = await rig();
    source.become(true);
    live.start();
    await asked(1);
    source.asked[0]?.answer(answerOf("A"));
    await has("A");
    await live.stop();
    expect(source.asked).toHaveLength(1);
  });

  it("tries a few times more after a failure or an answer that is none, then gives up until the next restart", async () => {
    const { clock, source, live, asked, has } = await rig();
    live.start();
    source.become(true);
    for (let turn = 1; turn <= 4; turn += 1) {
      await asked(turn);
      if (turn === 2) source.asked[turn - 1]?.answer("<html>");
      else source.asked[turn - 1]?.fail();
      await vi.waitFor(() => expect(clock.pendingTimers).toBe(turn === 4 ? 0 : 1), soon);
      clock.advance(300_000);
    }
    expect(source.asked).toHaveLength(4);
    source.become(false);
    source.become(true);
    await asked(5);
    source.asked[4]?.answer(answerOf("A"));
    await has("A");
    await live.stop();
  });

  it("drops the answer of a ComfyUI that went away meanwhile", async () => {
    const { source, store, live, asked, has } = await rig();
    live.start();
    source.become(true);
    await asked(1);
    source.become(false);
    source.become(true);
    source.asked[0]?.answer(answerOf("Old"));
    await asked(2);
    expect([...store.current.catalog.classes.keys()]).toEqual(["Core"]);
    source.asked[1]?.answer(answerOf("New"));
    await has("New");
    await live.stop();
  });
});
