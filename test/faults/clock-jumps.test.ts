import { describe, expect, it, vi } from "vitest";
import { patience } from "./client.ts";
import { quickGraph, slowGraph, slowOutputs } from "./graphs.ts";
import { HeldGateway, leaseMs } from "./held-gateway.ts";
import type { Surroundings } from "./host.ts";

const dayMs = 86_400_000;
const jumps = [
  { name: "a day forward", ms: dayMs },
  { name: "a day back", ms: -dayMs },
];

async function heldJob(context: Surroundings): Promise<{ readonly at: HeldGateway; readonly id: string; readonly release: () => void }> {
  const at = await HeldGateway.start(context);
  const release = at.demo.faults.holdNode("Slow", 3);
  const id = await at.submit(slowGraph());
  await at.until(id, ({ status }) => status === "running");
  return { at, id, release };
}

describe.each(jumps)("a host's time that jumps $name", ({ ms }) => {
  it("mid-run costs the job nothing: it stays with its runner, or comes back to it, and runs once", async (context) => {
    const { at, id, release } = await heldJob(context);
    at.clock.step(ms);
    await at.pass((2 * leaseMs) / 1000);
    release();
    const job = await at.until(id, ({ status }) => status === "completed");
    expect(job.attempt).toBe(1);
    expect(job.outputs.map(({ filename }) => filename)).toEqual(slowOutputs);
    expect([...at.demo.runs().values()]).toEqual([1]);
  });

  it("while jobs wait keeps them in their order", async (context) => {
    const { at, id, release } = await heldJob(context);
    const waiting: string[] = [];
    for (let color = 1; color <= 4; color += 1) {
      waiting.push(await at.submit(quickGraph(color)));
      if (color === 2) at.clock.step(ms);
    }
    release();
    for (const other of [id, ...waiting]) await at.until(other, ({ status }) => status === "completed");
    const prompts = await Promise.all([id, ...waiting].map(async (other) => (await at.jobs.get(other))?.promptId));
    expect(at.demo.accepted().map(({ promptId }) => promptId)).toEqual(prompts);
  });

  it("before a retry that waits for its time does not put it off for good", async (context) => {
    const { at, id, release } = await heldJob(context);
    await at.demo.faults.restart();
    await at.until(id, ({ status }) => status === "queued");
    at.clock.step(ms);
    release();
    expect(await at.until(id, ({ status }) => status === "completed")).toMatchObject({ attempt: 2 });
  });

  it("while an output waits to be copied does not put that off for good", async (context) => {
    const { at, id, release } = await heldJob(context);
    at.demo.faults.failRequests("/view", { status: 503, count: 1 });
    release();
    await at.until(id, ({ progress }) => progress?.percent === 100);
    at.clock.step(ms);
    expect(await at.until(id, ({ status }) => status === "completed")).toMatchObject({ attempt: 1 });
  });

  it("while a job is being called off leaves it cancelled", async (context) => {
    const { at, id, release } = await heldJob(context);
    at.demo.faults.ignoreInterrupts = true;
    await at.jobs.requestCancel({ jobId: id, nowMs: at.clock.now() });
    at.hub.cancelRequested(id);
    await at.pass(2);
    at.clock.step(ms);
    const { warnings } = await at.until(id, ({ status }) => status === "cancelled");
    expect(warnings.map(({ code }) => code)).toEqual(["still_running"]);
    release();
  });
});

it("ComfyUI gets no other job while it runs one that was called off and does not listen, for longer than a lease", async (context) => {
  const at = await HeldGateway.start(context, { prefetch: 0 });
  const release = at.demo.faults.holdNode("Slow", 3);
  at.demo.faults.ignoreInterrupts = true;
  const id = await at.submit(slowGraph());
  await at.until(id, ({ status }) => status === "running");
  const next = await at.submit(quickGraph(1));
  await at.jobs.requestCancel({ jobId: id, nowMs: at.clock.now() });
  at.hub.cancelRequested(id);
  await at.until(id, ({ status }) => status === "cancelled");
  await at.pass((2 * leaseMs) / 1000);
  expect(at.demo.accepted()).toHaveLength(1);
  release();
  await vi.waitFor(() => expect(at.demo.runs().size).toBe(1), patience);
  expect((await at.until(next, ({ status }) => status === "completed")).attempt).toBe(1);
});
