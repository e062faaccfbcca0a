import { describe, expect, it, vi } from "vitest";
import { bundledProgram } from "./bundle.ts";
import { patience } from "./client.ts";
import { quickGraph, quickOutputs, slowGraph } from "./graphs.ts";
import { completedOnce, type Fate, Host, type Surroundings } from "./host.ts";

const program = bundledProgram();
const timeout = 60_000;

function cancelled(parts: Partial<Fate> = {}): Fate {
  return { status: "cancelled", code: null, warnings: [], outputs: [], executions: 0, ...parts };
}

/** One job that runs and is held, one that waits for it in ComfyUI, and one that waits with us. */
async function threeJobs(context: Surroundings): Promise<{ readonly at: Host; readonly running: string; readonly waiting: string; readonly queued: string; readonly release: () => void }> {
  const at = await Host.open(context, { command: program.command() });
  await at.start();
  const release = at.demo.faults.holdNode("Slow", 3);
  const { id: running } = await at.client.submit({ graph: slowGraph() });
  await at.client.running(running);
  const { id: waiting } = await at.client.submit({ graph: quickGraph(1) });
  await vi.waitFor(() => expect(at.promptsOf(waiting)).toHaveLength(1), patience);
  const { id: queued } = await at.client.submit({ graph: quickGraph(2) });
  return { at, running, waiting, queued, release };
}

describe("a job that is called off", { timeout, concurrent: true }, () => {
  it("while it is queued ends at once, and ComfyUI never gets it", async (context) => {
    const { at, queued, waiting, release } = await threeJobs(context);
    expect(await at.client.cancel(queued)).toEqual({ status: 200, code: null });
    expect(await at.fate(queued)).toEqual(cancelled());
    release();
    expect(await at.fate(waiting)).toEqual(completedOnce(quickOutputs));
    expect(at.promptsOf(queued)).toEqual([]);
  });

  it("while it waits in ComfyUI is taken out there and never runs", async (context) => {
    const { at, waiting, queued, release } = await threeJobs(context);
    expect(await at.client.cancel(waiting)).toEqual({ status: 200, code: null });
    expect(await at.fate(waiting)).toEqual(cancelled());
    release();
    expect(await at.fate(queued)).toEqual(completedOnce(quickOutputs));
    expect(at.executionsOf(waiting)).toBe(0);
  });

  it("while it runs is interrupted, and those behind it run", async (context) => {
    const { at, running, waiting, queued, release } = await threeJobs(context);
    expect(await at.client.cancel(running)).toEqual({ status: 200, code: null });
    expect(await at.fate(running)).toEqual(cancelled({ executions: 1 }));
    expect(await at.fate(waiting)).toEqual(completedOnce(quickOutputs));
    expect(await at.fate(queued)).toEqual(completedOnce(quickOutputs));
    release();
  });

  it("when it is finished stays as it is", async (context) => {
    const { at, running, release } = await threeJobs(context);
    release();
    await at.client.finished(running);
    expect(await at.client.cancel(running)).toEqual({ status: 409, code: "job_finished" });
    expect((await at.client.job(running)).status).toBe("completed");
  });

  it("while ComfyUI is down is cancelled once it is back, and does not run again", async (context) => {
    const { at, running, queued, release } = await threeJobs(context);
    await at.demo.faults.goDown();
    release();
    const { status } = await at.client.cancel(running);
    expect([200, 202]).toContain(status);
    await at.demo.faults.comeBack();
    expect(await at.fate(running)).toMatchObject({ status: "cancelled", executions: 1 });
    expect(await at.fate(queued)).toEqual(completedOnce(quickOutputs));
  });

  it("while the gateway is dead to its run is cancelled by the next gateway", async (context) => {
    const { at, running, waiting, release } = await threeJobs(context);
    await at.restart();
    const { status } = await at.client.cancel(running);
    expect([200, 202]).toContain(status);
    expect(await at.fate(running)).toEqual(cancelled({ executions: 1 }));
    expect(await at.fate(waiting)).toEqual(completedOnce(quickOutputs));
    release();
  });

  it("by a node that does not listen is cancelled with a warning, and the next job runs once ComfyUI is free", async (context) => {
    const { at, running, waiting, release } = await threeJobs(context);
    at.demo.faults.ignoreInterrupts = true;
    expect((await at.client.cancel(running)).status).toBe(202);
    expect(await at.fate(running)).toEqual(cancelled({ warnings: ["still_running"], executions: 1 }));
    expect(at.executionsOf(waiting)).toBe(0);
    release();
    expect(await at.fate(waiting)).toEqual(completedOnce(quickOutputs));
  });
});
