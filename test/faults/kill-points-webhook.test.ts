import { describe, expect, it } from "vitest";
import type { CheckpointName } from "../../src/telemetry/checkpoint.ts";
import { bundledProgram } from "./bundle.ts";
import { quickGraph, quickOutputs } from "./graphs.ts";
import { completedOnce, Host } from "./host.ts";
import { startReceiver } from "./webhook-receiver.ts";

const program = bundledProgram();
// A message that was being sent when the gateway died is sent again when the lease on it has run out.
const timeout = 90_000;

describe("a gateway killed at", { timeout, concurrent: true }, () => {
  const placesOfWebhook: readonly CheckpointName[] = ["committed", "webhook-claimed", "webhook-delivered"];

  it.for(placesOfWebhook)("%s delivers the webhook, under one id however often it is sent", async (killAt, context) => {
    const receiver = await startReceiver(context);
    const at = await Host.open(context, { command: program.command(), args: ["--fetch-private-addresses"] });
    await at.start({ killAt });
    const order = { graph: quickGraph(1), idempotencyKey: "order-1", query: { webhook: receiver.url } };
    await at.client.trySubmit(order);
    await at.died();
    await at.start();
    const { id } = await at.client.submit(order);
    expect(await at.fate(id)).toEqual(completedOnce(quickOutputs));
    await at.client.until(id, ({ webhook }) => webhook?.state === "delivered", { timeout: 80_000, interval: 50 });
    expect(new Set(receiver.deliveries().map((delivery) => delivery.id)).size).toBe(1);
    expect(new Set(receiver.deliveries().map(({ jobId, type }) => `${jobId} ${type}`))).toEqual(new Set([`${id} job.completed`]));
  });
});
