import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { WebhookSender } from "../../src/events/webhook-sender.ts";
import { postUrl } from "../../src/files/post-url.ts";
import { createHttpApp } from "../../src/http/app.ts";
import { viewJob } from "../../src/http/views/job-view.ts";
import { systemClock } from "../../src/telemetry/clock.ts";
import { ApiDocument } from "./api-document.ts";
import { limits, openGateway, send, type Gateway, type Received } from "./gateway.ts";

let gateway: Gateway;
let sender: WebhookSender;
let receiver: Server;
let hook: string;
let status: number;
let bodies: string[];

beforeEach(async () => {
  gateway = await openGateway();
  [status, bodies] = [200, []];
  receiver = createServer((request, response) => void take(request, response));
  receiver.listen(0, "127.0.0.1");
  await once(receiver, "listening");
  hook = `http://127.0.0.1:${z.object({ port: z.number() }).parse(receiver.address()).port}/hook`;
  sender = new WebhookSender({
    jobs: gateway.deps.jobs,
    hub: gateway.deps.hub,
    secret: "whsec_c2VjcmV0",
    render: (job) => viewJob(job),
    post: ({ url, ...request }) => postUrl(new URL(url), { ...request, allowPrivateAddresses: true }),
    clock: systemClock,
    jitter: () => 0,
    checkpoint: () => undefined,
    onError: (error) => {
      throw error;
    },
  });
});

async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
  bodies.push(await text(request));
  response.writeHead(status).end();
}

afterEach(async () => {
  await sender.stop({ patienceMs: 1_000 });
  await new Promise((resolve) => receiver.close(resolve));
  await gateway.close();
});

const run = (webhook: string, inputs: object = {}, headers: Record<string, string> = {}): Promise<Received> =>
  gateway.send("POST", `/test/picture?webhook=${encodeURIComponent(webhook)}`, { body: JSON.stringify({ prompt: "x", ...inputs }), headers });

const seen = z.looseObject({ id: z.string(), webhook: z.looseObject({ state: z.string(), deliveries: z.array(z.looseObject({})) }) });

async function webhookOf(id: string): Promise<z.infer<typeof seen>["webhook"]> {
  return seen.parse((await gateway.send("GET", `/v1/jobs/${id}`)).json).webhook;
}

describe("a job with a webhook", () => {
  it("shows what becomes of it, without the query of its URL", async () => {
    const { id, webhook } = seen.parse((await run(`${hook}?token=hush`, { fate: "running" }, { Prefer: "respond-async" })).json);
    expect(webhook).toEqual({ url: hook, state: "waiting", next_attempt_at: null, deliveries: [] });
    await gateway.runner.settled();
    await gateway.runner.finish(id);
    expect(await webhookOf(id)).toMatchObject({ state: "pending", next_attempt_at: expect.any(String), deliveries: [] });
    sender.start();
    await expect.poll(() => webhookOf(id)).toEqual({
      url: hook,
      state: "delivered",
      next_attempt_at: null,
      deliveries: [{ number: 1, at: expect.any(String), status_code: 200, error: null, duration_ms: expect.any(Number) }],
    });
  });

  it("sends the message that the document declares, with the job as it is shown", async () => {
    sender.start();
    const { id } = seen.parse((await run(hook)).json);
    await expect.poll(() => bodies.length).toBe(1);
    const document = new ApiDocument((await gateway.send("GET", "/openapi.json")).bytes.toString());
    const message: unknown = JSON.parse(bodies[0] ?? "");
    expect(document.faults("/components/schemas/JobFinished", message)).toEqual([]);
    const { webhook: _changes, ...shown } = z.looseObject({}).parse((await gateway.send("GET", `/v1/jobs/${id}`)).json);
    expect(message).toMatchObject({ type: "job.completed", data: shown });
  });

  it("sends it again when asked to, also after the receiver had enough", async () => {
    status = 410;
    sender.start();
    const { id } = seen.parse((await run(hook)).json);
    await expect.poll(async () => (await webhookOf(id)).state).toBe("gone");
    status = 204;
    expect((await gateway.send("POST", `/v1/jobs/${id}/webhook/redeliver`)).status).toBe(202);
    await expect.poll(() => webhookOf(id)).toMatchObject({ state: "delivered", deliveries: [{ status_code: 410 }, { number: 2, status_code: 204 }] });
    expect(bodies[1]).toBe(bodies[0]);
  });
});

describe("the query parameter webhook", () => {
  it.each([
    ["nonsense", "invalid_query"],
    ["/hook", "invalid_query"],
    ["", "invalid_query"],
    [`https://h.example/${"x".repeat(2048)}`, "invalid_query"],
    ["ftp://h.example/", "address_not_allowed"],
    ["file:///etc/passwd", "address_not_allowed"],
    ["https://user:pass@h.example/", "address_not_allowed"],
  ])("as %s is refused before anything is stored", async (webhook, code) => {
    expect((await run(webhook)).json).toMatchObject({ status: 400, code, detail: expect.stringContaining("webhook") });
    expect((await gateway.deps.jobs.listJobs({ limit: 1 })).items).toEqual([]);
  });

  it.each(["http://h.example/", "https://127.0.0.1/", "https://[::1]:9/", "https://10.1.2.3/", "https://169.254.169.254/latest"])(
    "by default does not lead to %s",
    async (webhook) => {
      const app = createHttpApp({ ...gateway.deps, limits: { ...limits, allowPrivateAddresses: false } });
      const answer = await send(app, "POST", `/test/picture?webhook=${encodeURIComponent(webhook)}`, { body: '{"prompt":"x"}' });
      expect(answer.json).toMatchObject({ status: 400, code: "address_not_allowed" });
    },
  );
});
