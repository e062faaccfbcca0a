import { describe, expect, it } from "vitest";
import type { CheckpointName } from "../../src/telemetry/checkpoint.ts";
import { bundledProgram } from "./bundle.ts";
import { expectWholeLog } from "./event-log.ts";
import { fullGraph, fullOutputs, picture, quickGraph, quickOutputs, slowGraph } from "./graphs.ts";
import { completedOnce, Host, type StartOptions } from "./host.ts";

const program = bundledProgram();
const timeout = 60_000;

/** Where a job's own way leads past. A job has three outputs, so it passes `mid-copy` three times. */
const placesOfJob: readonly NonNullable<StartOptions["killAt"]>[] = [
  "before-row",
  "after-row",
  "before-answer",
  "claimed",
  "files-uploaded",
  "prompt-id-stored",
  "prompt-sent",
  "mid-run",
  "run-ended",
  "mid-copy",
  "mid-copy:3",
  "outputs-copied",
  "committed",
];

describe("a gateway killed at", { timeout, concurrent: true }, () => {
  it.for(placesOfJob)("%s completes the job once, for a caller who asks again with the same key", async (killAt, context) => {
    const at = await Host.open(context, { command: program.command() });
    await at.start({ killAt });
    const order = { graph: fullGraph((await at.client.upload(picture())).reference), idempotencyKey: "order-1" };
    await at.client.trySubmit(order);
    await at.died();
    await at.start();
    const { id } = await at.client.submit(order);
    expect(await at.fate(id)).toEqual(completedOnce(fullOutputs));
    expect(await at.client.jobIds()).toEqual([id]);
    expect(at.demo.runs().size).toBe(1);
    expectWholeLog(await at.client.events(id), "completed");
  });

  const placesOfCancel: readonly CheckpointName[] = ["cancel-seen", "run-cancelled", "committed"];

  it.for(placesOfCancel)("%s cancels the job that was called off, and runs the next", async (killAt, context) => {
    const at = await Host.open(context, { command: program.command() });
    await at.start({ killAt });
    const release = at.demo.faults.holdNode("Slow", 3);
    const { id } = await at.client.submit({ graph: slowGraph() });
    await at.client.running(id);
    await at.client.tryCancel(id);
    await at.died();
    await at.start();
    expect(await at.fate(id)).toEqual({ status: "cancelled", code: null, warnings: [], outputs: [], executions: 1 });
    const next = await at.client.submit({ graph: quickGraph(1) });
    expect(await at.fate(next.id)).toEqual(completedOnce(quickOutputs));
    expectWholeLog(await at.client.events(id), "cancelled");
    release();
  });
});
