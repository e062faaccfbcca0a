import { describe, expect, it, vi } from "vitest";
import { bundledProgram } from "./bundle.ts";
import { patience } from "./client.ts";
import { fullGraph, fullOutputs, picture, quickGraph, quickOutputs, slowGraph, slowOutputs } from "./graphs.ts";
import { completedOnce, Host, type Surroundings } from "./host.ts";

const program = bundledProgram();
const timeout = 60_000;

async function host(context: Surroundings): Promise<Host> {
  const opened = await Host.open(context, { command: program.command() });
  await opened.start();
  return opened;
}

describe("a gateway that is killed", { timeout, concurrent: true }, () => {
  it("mid-run takes its job up again where ComfyUI has it", async (context) => {
    const at = await host(context);
    const release = at.demo.faults.holdNode("Slow", 3);
    const { id } = await at.client.submit({ graph: slowGraph() });
    await at.client.running(id);
    await at.restart();
    await at.client.running(id);
    release();
    expect(await at.fate(id)).toEqual(completedOnce(slowOutputs));
    expect((await at.client.job(id)).attempt).toBe(1);
  });

  it("mid-run three times over still runs its job once", async (context) => {
    const at = await host(context);
    const release = at.demo.faults.holdNode("Slow", 3);
    const { id } = await at.client.submit({ graph: slowGraph() });
    await at.client.running(id);
    for (let kill = 0; kill < 3; kill += 1) await at.restart();
    release();
    expect(await at.fate(id)).toEqual(completedOnce(slowOutputs));
  });

  it("collects what ComfyUI finished while it was away", async (context) => {
    const at = await host(context);
    const release = at.demo.faults.holdNode("Slow", 3);
    const { id } = await at.client.submit({ graph: fullGraph((await at.client.upload(picture())).reference) });
    await at.client.running(id);
    await at.kill();
    release();
    await vi.waitFor(() => expect(at.demo.fileNames("output")).toHaveLength(2), patience);
    await at.start();
    expect(await at.fate(id)).toEqual(completedOnce(fullOutputs));
  });

  it("while ComfyUI has its graph and has not answered sends it no second time", async (context) => {
    const at = await host(context);
    await at.client.untilReady();
    const answer = at.demo.faults.holdAnswers("/prompt");
    const { id } = await at.client.submit({ graph: slowGraph() });
    await vi.waitFor(() => expect(at.promptsOf(id)).toHaveLength(1), patience);
    await at.kill();
    answer();
    await at.start();
    expect(await at.fate(id)).toEqual(completedOnce(slowOutputs));
    expect((await at.client.job(id)).attempt).toBe(1);
  });

  it("while it copies an output lists that output once, and whole", async (context) => {
    const at = await host(context);
    const release = at.demo.faults.holdNode("Slow", 3);
    const { id } = await at.client.submit({ graph: fullGraph((await at.client.upload(picture())).reference) });
    await at.client.running(id);
    const view = at.demo.faults.holdAnswers("/view");
    release();
    await vi.waitFor(() => expect(at.demo.fileNames("output")).toHaveLength(2), patience);
    await at.kill();
    view();
    await at.start();
    expect(await at.fate(id)).toEqual(completedOnce(fullOutputs));
  });

  it("with jobs running, handed to ComfyUI and queued runs each of them once, in their order", async (context) => {
    const at = await host(context);
    const release = at.demo.faults.holdNode("Slow", 3);
    const ids: string[] = [];
    for (let seed = 0; seed < 5; seed += 1) ids.push((await at.client.submit({ graph: slowGraph({ seed }) })).id);
    // One runs in ComfyUI, one waits there, and the others wait with us.
    await vi.waitFor(() => expect(ids.map((id) => at.promptsOf(id).length)).toEqual([1, 1, 0, 0, 0]), patience);
    await at.restart();
    release();
    for (const id of ids) expect(await at.fate(id)).toEqual(completedOnce(slowOutputs));
    expect(at.demo.accepted().map(({ promptId }) => promptId)).toEqual(ids.flatMap((id) => at.promptsOf(id)));
  });

  it("while ComfyUI restarts as well gives the job a second attempt", async (context) => {
    const at = await host(context);
    const release = at.demo.faults.holdNode("Slow", 3);
    const { id } = await at.client.submit({ graph: slowGraph() });
    await at.client.running(id);
    await at.kill();
    await at.demo.faults.restart();
    release();
    await at.start();
    const job = await at.client.finished(id);
    expect(job).toMatchObject({ status: "completed", attempt: 2 });
    expect(job.outputs).toHaveLength(1);
    expect(at.promptsOf(id)).toHaveLength(2);
  });

  it("mid-run still stops the job at its deadline, and runs the next", async (context) => {
    const at = await host(context);
    const release = at.demo.faults.holdNode("Slow", 3);
    const { id } = await at.client.submit({ graph: slowGraph(), query: { run_timeout: "3" } });
    await at.client.running(id);
    await at.restart();
    expect(await at.fate(id)).toEqual({ status: "failed", code: "run_timeout", warnings: [], outputs: [], executions: 1 });
    const next = await at.client.submit({ graph: quickGraph(1) });
    expect(await at.fate(next.id)).toEqual(completedOnce(quickOutputs));
    release();
  });

  it("again and again at arbitrary moments loses no job and runs none twice", async (context) => {
    const at = await Host.open(context, { command: program.command(), demo: { stepMs: 15 } });
    await at.start();
    const ids: string[] = [];
    for (let seed = 0; seed < 12; seed += 1) ids.push((await at.client.submit({ graph: slowGraph({ seed }) })).id);
    // Each life ends when ComfyUI has come one job further: that is another moment of the gateway's work each time.
    for (let done = 2; done <= 8; done += 2) {
      await vi.waitFor(() => expect(at.demo.runs().size).toBeGreaterThanOrEqual(done), { timeout: 30_000, interval: done });
      await at.restart();
    }
    for (const id of ids) expect(await at.fate(id)).toEqual(completedOnce(slowOutputs));
  });
});
