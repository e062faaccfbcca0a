import { createHmac } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { postUrl } from "../files/post-url.ts";
import { parseJson } from "../json/exact.ts";
import type { JobStore } from "../job/job-store.ts";
import type { DeliveryLog } from "../job/webhook-outbox.ts";
import { openSqliteStore } from "../store/sqlite/sqlite-store.ts";
import { HeldClock } from "../telemetry/held-clock.ts";
import { JobHub } from "./job-hub.ts";
import { WebhookSender, type WebhookSenderParams } from "./webhook-sender.ts";

const key = Buffer.from("a key of twenty-four bytes");
const secret = `whsec_${key.toString("base64")}`;

let dir: string;
let clock: HeldClock;
let jobs: JobStore;
let hub: JobHub;
let senders: WebhookSender[];
let errors: unknown[];
let passed: string[];
let server: Server;
let url: string;
let answer: RequestListener;
let received: { headers: IncomingHttpHeaders; body: string }[];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "comfyui-api-webhooks-"));
  clock = new HeldClock();
  jobs = await openSqliteStore({ path: join(dir, "jobs.sqlite"), clock });
  hub = new JobHub();
  [senders, errors, passed, received] = [[], [], [], []];
  answer = (_request, response) => response.writeHead(200).end();
  server = createServer((request, response) => void take(request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  url = `http://127.0.0.1:${z.object({ port: z.number() }).parse(server.address()).port}/hook`;
});

async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
  received.push({ headers: request.headers, body: await text(request) });
  answer(request, response);
}

afterEach(async () => {
  await Promise.all(senders.map((sender) => sender.stop({ patienceMs: 0 })));
  expectNothingLeft();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await jobs.close();
  await rm(dir, { recursive: true });
});

function expectNothingLeft(): void {
  expect({ timers: clock.pendingTimers, listeners: hub.size, errors }).toEqual({ timers: 0, listeners: 0, errors: [] });
}

function startSender(parts: Partial<WebhookSenderParams> = {}): WebhookSender {
  const sender = new WebhookSender({
    jobs,
    hub,
    secret,
    render: ({ id, status, inputs }) => ({ id, status, inputs }),
    post: ({ url: target, ...request }) => postUrl(new URL(target), { ...request, allowPrivateAddresses: true, clock }),
    clock,
    jitter: () => 0,
    checkpoint: (place) => passed.push(place),
    onError: (error) => errors.push(error),
    ...parts,
  });
  senders.push(sender);
  sender.start();
  return sender;
}

/** A job that is finished at once, with a message to be sent. */
async function finishedJob(id = "a", webhookUrl: string | null = url): Promise<void> {
  const rest = { owner: null, workflow: null, priority: "normal", inputs: { seed: 18_446_744_073_709_551_615n }, graph: {}, files: [], origins: {} } as const;
  await jobs.insert({ id, ...rest, createdAt: clock.now(), startTimeoutMs: null, runTimeoutMs: null, webhookUrl }, { maxQueued: 1000 });
  expect(await jobs.requestCancel({ jobId: id, nowMs: clock.now() })).toBe("cancelled");
  hub.ended(id);
}

async function log(id = "a"): Promise<DeliveryLog> {
  const found = await jobs.listDeliveries(id);
  if (found === null) throw new Error("there is no message");
  return found;
}

const stateOf = async (id = "a"): Promise<string> => (await log(id)).state;

async function untilTries(count: number, id = "a"): Promise<DeliveryLog> {
  const tries = async (): Promise<number> => {
    // A timer that was set after the clock moved is due at once.
    clock.advance(0);
    return (await log(id)).deliveries.length;
  };
  await expect.poll(tries).toBe(count);
  return log(id);
}

describe("a webhook", () => {
  it("is sent when its job is finished, with a signature that anyone with the secret can make", async () => {
    startSender();
    await finishedJob();
    await expect.poll(() => stateOf()).toBe("delivered");
    const [{ headers, body } = { headers: {}, body: "" }] = received;
    expect(body).toBe('{"type":"job.cancelled","timestamp":"2026-01-01T00:00:00.000Z","data":{"id":"a","status":"cancelled","inputs":{"seed":18446744073709551615}}}');
    expect(parseJson(body)).toBeTypeOf("object");
    const seconds = String(clock.now() / 1000);
    expect(headers).toMatchObject({ "content-type": "application/json", "webhook-timestamp": seconds, "webhook-id": expect.stringMatching(/^msg_/) });
    const expected = createHmac("sha256", key).update([headers["webhook-id"], seconds, body].join(".")).digest("base64");
    expect(headers["webhook-signature"]).toBe(`v1,${expected}`);
    expect((await log()).deliveries).toMatchObject([{ number: 1, at: clock.now(), statusCode: 200, error: null }]);
    expect(passed).toEqual(["webhook-claimed", "webhook-delivered"]);
  });

  it("of a job that finished while no sender ran is sent when one starts", async () => {
    await finishedJob();
    startSender();
    await expect.poll(() => stateOf()).toBe("delivered");
  });

  it("is not made for a job that was sent without one", async () => {
    startSender();
    await finishedJob("a", null);
    await finishedJob("b");
    await expect.poll(() => stateOf("b")).toBe("delivered");
    expect(received).toHaveLength(1);
  });

  it("that is not taken comes again at its time and not before, as the same message", async () => {
    answer = (_request, response) => response.writeHead(500).end("x".repeat(100_000));
    startSender();
    await finishedJob();
    expect(await untilTries(1)).toMatchObject({ state: "pending", dueAt: clock.now() + 5_000, deliveries: [{ statusCode: 500, error: "The receiver answered 500." }] });
    answer = (_request, response) => response.writeHead(204).end();
    clock.advance(4_999);
    expect(received).toHaveLength(1);
    clock.advance(1);
    expect(await untilTries(2)).toMatchObject({ state: "delivered", deliveries: [{ number: 1 }, { number: 2, statusCode: 204 }] });
    const [first, second] = received;
    expect([second?.headers["webhook-id"], second?.body]).toEqual([first?.headers["webhook-id"], first?.body]);
    expect(Number(second?.headers["webhook-timestamp"])).toBe(Number(first?.headers["webhook-timestamp"]) + 5);
  });

  it("is sent no more after 410, until somebody asks for it", async () => {
    answer = (_request, response) => response.writeHead(410).end();
    startSender();
    await finishedJob();
    await expect.poll(() => stateOf()).toBe("gone");
    clock.advance(86_400_000);
    expect(received).toHaveLength(1);
    answer = (_request, response) => response.writeHead(200).end();
    await jobs.redeliver({ jobId: "a", nowMs: clock.now() });
    hub.ended("a");
    expect(await untilTries(2)).toMatchObject({ state: "delivered" });
    expect(received[1]?.headers["webhook-id"]).toBe(received[0]?.headers["webhook-id"]);
  });

  it("waits as long as its receiver wishes", async () => {
    answer = (_request, response) => response.writeHead(429, { "retry-after": "3600" }).end();
    startSender();
    await finishedJob();
    expect(await untilTries(1)).toMatchObject({ dueAt: clock.now() + 3_600_000 });
  });

  it("is given up after the last try", async () => {
    startSender({ post: async () => ({ statusCode: null, retryAfter: null, error: "It is not there." }) });
    await finishedJob();
    for (let tries = 1; (await stateOf()) !== "exhausted"; tries += 1) {
      const { dueAt } = await untilTries(tries);
      if (dueAt !== null) clock.advance(dueAt - clock.now());
    }
    expect((await log()).deliveries).toHaveLength(10);
  });

  it("by default never reaches a private address", async () => {
    startSender({ post: ({ url: target, ...request }) => postUrl(new URL(target), { ...request, allowPrivateAddresses: false, clock }) });
    await finishedJob("a", url.replace("http:", "https:"));
    expect(await untilTries(1)).toMatchObject({ deliveries: [{ statusCode: null, error: expect.stringContaining("private") }] });
    expect(received).toEqual([]);
  });
});

describe("the sender", () => {
  it("sends a few at once, and the rest as those end", async () => {
    const waiting: (() => void)[] = [];
    answer = (_request, response) => waiting.push(() => response.writeHead(200).end());
    const sender = startSender();
    for (let n = 0; n < 20; n += 1) await finishedJob(`job-${n}`);
    await expect.poll(() => waiting.length).toBe(8);
    expect(sender.size).toBe(8);
    while (received.length < 20 || waiting.length > 0) {
      waiting.shift()?.();
      await expect.poll(() => waiting.length + (received.length === 20 ? 8 : 0)).toBeGreaterThanOrEqual(8);
    }
    for (let n = 0; n < 20; n += 1) await expect.poll(() => stateOf(`job-${n}`)).toBe("delivered");
    expect(new Set(received.map(({ headers }) => headers["webhook-id"])).size).toBe(20);
  });

  it("that stops cuts off what takes too long, and the next one sends it at once", async () => {
    answer = () => undefined;
    const sender = startSender();
    await finishedJob();
    await expect.poll(() => received.length).toBe(1);
    const stopped = sender.stop({ patienceMs: 5_000 });
    await expect.poll(() => hub.size).toBe(0);
    clock.advance(5_000);
    await stopped;
    expect(await log()).toMatchObject({ state: "pending", dueAt: clock.now(), deliveries: [{ statusCode: null, error: expect.stringContaining("stopped") }] });
    answer = (_request, response) => response.writeHead(200).end();
    startSender();
    await expect.poll(() => stateOf()).toBe("delivered");
  });

  it("that stops lets an answer that is on its way count", async () => {
    let release = (): void => undefined;
    answer = (_request, response) => {
      release = () => response.writeHead(200).end();
    };
    const sender = startSender();
    await finishedJob();
    await expect.poll(() => received.length).toBe(1);
    const stopped = sender.stop({ patienceMs: 5_000 });
    release();
    await stopped;
    expect(await stateOf()).toBe("delivered");
  });

  it("sends again what a dead process had claimed, when that claim has run out", async () => {
    await finishedJob();
    expect(await jobs.claimWebhook({ nowMs: clock.now(), leaseMs: 20_000 })).toMatchObject({ jobId: "a" });
    startSender();
    await expect.poll(() => clock.pendingTimers).toBe(1);
    clock.advance(20_000);
    await expect.poll(() => stateOf()).toBe("delivered");
  });

  it.each(["nextWebhookDue", "claimWebhook"] as const)("goes on after %s of the store failed", async (failing) => {
    await finishedJob();
    let failures = 1;
    const failOnce = (asked: string): void => {
      if (asked !== failing || failures === 0) return;
      failures -= 1;
      throw new Error("the disk is full");
    };
    startSender({
      jobs: {
        claimWebhook: async (claim) => {
          failOnce("claimWebhook");
          return jobs.claimWebhook(claim);
        },
        recordDelivery: (delivery) => jobs.recordDelivery(delivery),
        nextWebhookDue: async () => {
          failOnce("nextWebhookDue");
          return jobs.nextWebhookDue();
        },
        get: (id) => jobs.get(id),
      },
    });
    await expect.poll(() => clock.pendingTimers).toBe(1);
    expect(errors.splice(0)).toMatchObject([{ message: "the disk is full" }]);
    clock.advance(5_000);
    await expect.poll(() => stateOf()).toBe("delivered");
  });
});
