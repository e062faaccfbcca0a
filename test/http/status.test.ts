import { afterAll, beforeAll, expect, it } from "vitest";
import { type Gateway, openGateway } from "./gateway.ts";

let gateway: Gateway;

beforeAll(async () => {
  gateway = await openGateway({}, { isIdle: true });
});

afterAll(() => gateway.close());

it("GET /v1/status tells jobs that wait, those of them that are taken up, and those that run", async () => {
  for (let count = 0; count < 3; count += 1) {
    await gateway.send("POST", "/v1/jobs", { headers: { Prefer: "respond-async" }, body: '{"graph":{"1":{"class_type":"Draw","inputs":{}}}}' });
  }
  const claim = { owner: "test", leaseMs: 60_000, nowMs: Date.now() };
  const running = await gateway.deps.jobs.claim(claim);
  await gateway.deps.jobs.claim(claim);
  if (running === null) throw new Error("there is nothing to claim");
  await gateway.deps.jobs.beginAttempt(running.lease, { promptId: "p", nowMs: Date.now() });
  await gateway.deps.jobs.markRunning(running.lease, { startedAt: Date.now(), warnings: [] });
  expect((await gateway.send("GET", "/v1/status")).json).toMatchObject({ queue: { queued: 2, claimed: 1, running: 1 } });
});
