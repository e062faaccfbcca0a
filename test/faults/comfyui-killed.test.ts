import { describe, expect, it, vi } from "vitest";
import { bundledProgram } from "./bundle.ts";
import { patience } from "./client.ts";
import { quickGraph, quickOutputs, slowGraph, slowOutputs } from "./graphs.ts";
import { completedOnce, Host, type Surroundings } from "./host.ts";

const program = bundledProgram();
const timeout = 60_000;

async function host(context: Surroundings): Promise<Host> {
  const opened = await Host.open(context, { command: program.command() });
  await opened.start();
  await opened.client.untilReady();
  return opened;
}

/** A job that ComfyUI is in the middle of. */
async function heldJob(at: Host): Promise<{ readonly id: string; readonly release: () => void }> {
  const release = at.demo.faults.holdNode("Slow", 3);
  const { id } = await at.client.submit({ graph: slowGraph() });
  await at.client.running(id);
  return { id, release };
}

/** What ComfyUI ran of these jobs is collected: a restart would have it run again, for ComfyUI forgets its results. */
async function settled(at: Host, ids: readonly string[]): Promise<void> {
  for (const id of ids) if (at.executionsOf(id) > 0) await at.client.finished(id);
}

/** ComfyUI begins the job once more. */
async function begunAgain(at: Host, id: string, times: number): Promise<void> {
  await vi.waitFor(() => expect(at.executionsOf(id)).toBe(times), patience);
}

describe("ComfyUI, killed", { timeout, concurrent: true }, () => {
  it("mid-run and started again gets the job a second time", async (context) => {
    const at = await host(context);
    const { id, release } = await heldJob(at);
    await at.demo.faults.restart();
    release();
    expect(await at.fate(id)).toEqual({ ...completedOnce(slowOutputs), executions: 2 });
    expect((await at.client.job(id)).attempt).toBe(2);
  });

  it("mid-run and away for a while keeps the job waiting, which /ready tells", async (context) => {
    const at = await host(context);
    const { id, release } = await heldJob(at);
    await at.demo.faults.goDown();
    release();
    await vi.waitFor(async () => expect((await at.client.ready()).detail).toContain("ComfyUI does not answer"), patience);
    expect((await at.client.job(id)).status).toMatch(/queued|running/);
    await at.demo.faults.comeBack();
    expect(await at.fate(id)).toEqual({ ...completedOnce(slowOutputs), executions: 2 });
  });

  it("twice by the same job fails that job with the reason, and runs the next", async (context) => {
    const at = await host(context);
    const { id, release } = await heldJob(at);
    // It may come back before the first one does: nothing holds it.
    const other = await at.client.submit({ graph: quickGraph(1) });
    await at.demo.faults.restart();
    await begunAgain(at, id, 2);
    await at.demo.faults.restart();
    release();
    expect(await at.fate(id)).toMatchObject({ status: "failed", code: "comfyui_lost", outputs: [] });
    expect(await at.fate(other.id)).toMatchObject({ status: "completed", outputs: [expect.stringMatching(/^quick_/)] });
  });

  it("does not put the blame on jobs that only waited there", async (context) => {
    const at = await Host.open(context, { command: program.command(), args: ["--prefetch=3"] });
    await at.start();
    const { id, release } = await heldJob(at);
    const innocent: string[] = [];
    for (let color = 1; color <= 3; color += 1) innocent.push((await at.client.submit({ graph: quickGraph(color) })).id);
    await vi.waitFor(() => expect(innocent.map((other) => at.promptsOf(other).length)).toEqual([1, 1, 1]), patience);
    await at.demo.faults.restart();
    await begunAgain(at, id, 2);
    // All came back at the same time, so some may have run before the one that is held now.
    await settled(at, innocent);
    await at.demo.faults.restart();
    release();
    expect(await at.fate(id)).toMatchObject({ status: "failed", code: "comfyui_lost" });
    for (const other of innocent) expect(await at.fate(other)).toEqual(completedOnce(quickOutputs));
  });
});

describe("the socket to ComfyUI", { timeout, concurrent: true }, () => {
  it("dropped mid-run costs nothing", async (context) => {
    const at = await host(context);
    const { id, release } = await heldJob(at);
    at.demo.faults.dropSockets();
    release();
    expect(await at.fate(id)).toEqual(completedOnce(slowOutputs));
    expect((await at.client.job(id)).attempt).toBe(1);
  });

  it("half-open mid-run costs nothing: the end of the run is found by asking", async (context) => {
    const at = await host(context);
    const { id, release } = await heldJob(at);
    at.demo.faults.silenceSockets();
    release();
    expect(await at.fate(id)).toEqual(completedOnce(slowOutputs));
    expect((await at.client.job(id)).attempt).toBe(1);
  });

  it("silent from before a run costs nothing", async (context) => {
    const at = await host(context);
    at.demo.faults.silenceSockets();
    const { id } = await at.client.submit({ graph: slowGraph() });
    expect(await at.fate(id)).toEqual(completedOnce(slowOutputs));
  });

  it("dropped again and again costs nothing", async (context) => {
    const at = await host(context);
    const { id, release } = await heldJob(at);
    for (let drop = 0; drop < 3; drop += 1) {
      await vi.waitFor(() => expect(at.demo.socketCount()).toBeGreaterThan(0), patience);
      at.demo.faults.dropSockets();
      await vi.waitFor(() => expect(at.demo.socketCount()).toBe(0), patience);
    }
    release();
    expect(await at.fate(id)).toEqual(completedOnce(slowOutputs));
  });
});

describe("ComfyUI's answer", { timeout, concurrent: true }, () => {
  it("to a graph, lost on the way, makes nobody send it twice", async (context) => {
    const at = await host(context);
    at.demo.faults.resetAfterAccepting(1);
    const { id } = await at.client.submit({ graph: slowGraph() });
    expect(await at.fate(id)).toEqual(completedOnce(slowOutputs));
    expect(at.promptsOf(id)).toHaveLength(1);
  });

  it.for([500, 200])("being %i with nothing in it for a while makes nobody believe that the job is lost", async (status, context) => {
    const at = await host(context);
    const { id, release } = await heldJob(at);
    const [promptId = ""] = at.promptsOf(id);
    at.demo.faults.dropSockets();
    for (const path of ["/queue", `/history/${promptId}`]) at.demo.faults.failRequests(path, { status, count: 3 });
    release();
    expect(await at.fate(id)).toEqual(completedOnce(slowOutputs));
    expect((await at.client.job(id)).attempt).toBe(1);
  });
});

describe("ComfyUI's worker, dead", { timeout, concurrent: true }, () => {
  it("is told by /ready, and the jobs run after the restart", async (context) => {
    const at = await host(context);
    at.demo.faults.killWorker();
    const { id } = await at.client.submit({ graph: slowGraph() });
    await vi.waitFor(async () => expect(await at.client.ready()).toMatchObject({ status: 503, detail: expect.stringMatching(/worker/i) }), patience);
    await at.demo.faults.restart();
    expect(await at.fate(id)).toEqual(completedOnce(slowOutputs));
    await at.client.untilReady();
  });
});
