import { once } from "node:events";
import { connect } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { WebSocket, WebSocketServer, type ClientOptions } from "ws";
import { z } from "zod";
import { maxBufferedBytes } from "../../src/http/stream/outgoing.ts";
import { StreamSession } from "../../src/http/stream/stream-session.ts";
import { parseJson } from "../../src/json/exact.ts";
import { allEvents, eventSeen, type EventSeen } from "./event-reader.ts";
import { openListeningGateway, type ListeningGateway } from "./listening-gateway.ts";

let gateway: ListeningGateway;

beforeEach(async () => {
  gateway = await openListeningGateway();
});

afterEach(() => gateway.close());

const watchers = (): number => gateway.deps.hub.size - gateway.runner.listeners;

async function submit(fate: string): Promise<string> {
  const { json } = await gateway.send("POST", "/test/picture", { body: JSON.stringify({ prompt: "x", fate }), headers: { Prefer: "respond-async" } });
  await gateway.runner.settled();
  return z.looseObject({ id: z.string() }).parse(json).id;
}

const messageSeen = z.looseObject({
  type: z.string(),
  job_id: z.string().optional(),
  subscription: z.string().optional(),
  after: z.number().optional(),
  event: eventSeen.optional(),
  preview: z.looseObject({}).optional(),
  problem: z.looseObject({ code: z.string(), detail: z.string() }).optional(),
});
type MessageSeen = z.infer<typeof messageSeen>;

/** A client that keeps all it was told. */
class Client {
  readonly socket: WebSocket;
  readonly seen: MessageSeen[] = [];
  closedWith: number | null = null;

  constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on("message", (data) => {
      if (!Buffer.isBuffer(data)) throw new TypeError("a message came in parts");
      this.seen.push(messageSeen.parse(parseJson(data.toString())));
    });
    socket.on("close", (code) => {
      this.closedWith = code;
    });
    socket.on("error", () => undefined);
  }

  send(message: object): void {
    this.socket.send(JSON.stringify(message));
  }

  get events(): readonly EventSeen[] {
    return this.seen.flatMap(({ event }) => event ?? []);
  }
}

async function until(client: Client, type: string, count = 1): Promise<MessageSeen> {
  const found = (): readonly MessageSeen[] => client.seen.filter((message) => message.type === type);
  await expect.poll(() => found().length).toBeGreaterThanOrEqual(count);
  const message = found()[count - 1];
  if (message === undefined) throw new Error("it is not there");
  return message;
}

async function untilEvent(client: Client, type: string): Promise<void> {
  await expect.poll(() => client.events.some((event) => event.type === type)).toBe(true);
}

async function open(options: ClientOptions = {}): Promise<Client> {
  const client = new Client(new WebSocket(`${gateway.url}/v1/stream`, options));
  await once(client.socket, "open");
  return client;
}

describe("a subscription to a job", () => {
  it("has the same events as the stream over HTTP, and ends with the job", async () => {
    const id = await submit("running");
    const client = await open();
    client.send({ type: "subscribe", job_id: id });
    expect(await until(client, "subscribed")).toEqual({ type: "subscribed", job_id: id, after: 0 });
    await gateway.runner.progress(id, 50);
    await gateway.runner.finish(id);
    expect(await until(client, "unsubscribed")).toEqual({ type: "unsubscribed", job_id: id });
    expect(client.events).toEqual(await allEvents(await fetch(`${gateway.url}/v1/jobs/${id}/events`)));
    expect(client.seen.filter(({ type }) => type === "event").every(({ subscription }) => subscription === id)).toBe(true);
    expect(client.seen.at(-1)?.type).toBe("unsubscribed");
    expect(watchers()).toBe(0);
  });

  it("goes on after the event that was read last", async () => {
    const id = await submit("completed");
    const client = await open();
    client.send({ type: "subscribe", job_id: id, after: 2 });
    await until(client, "unsubscribed");
    expect(client.events.map((event) => event.id)).toEqual([3, 4]);
    client.send({ type: "subscribe", job_id: id, after: 4 });
    await until(client, "unsubscribed", 2);
    expect(client.events).toHaveLength(2);
  });

  it("carries previews", async () => {
    const id = await submit("running");
    const client = await open();
    client.send({ type: "subscribe", job_id: id });
    await untilEvent(client, "started");
    gateway.deps.hub.preview(id, { nodeId: "3", contentType: "image/jpeg", image: Buffer.from("new") });
    expect(await until(client, "preview")).toEqual({
      type: "preview",
      subscription: id,
      preview: { job_id: id, node_id: "3", content_type: "image/jpeg", data: Buffer.from("new").toString("base64") },
    });
  });

  it("ends when it is told to, and nothing comes after that", async () => {
    const [id, other] = [await submit("running"), await submit("running")];
    const client = await open();
    client.send({ type: "subscribe", job_id: id });
    client.send({ type: "subscribe", job_id: other });
    await until(client, "subscribed", 2);
    client.send({ type: "unsubscribe", job_id: id });
    await until(client, "unsubscribed");
    await gateway.runner.finish(id);
    await gateway.runner.finish(other);
    await until(client, "unsubscribed", 2);
    expect(client.events.filter((event) => event.job_id === id).map(({ type }) => type)).not.toContain("completed");
    expect(client.events.filter((event) => event.job_id === other).map(({ type }) => type)).toContain("completed");
  });

  it("that is made again begins again", async () => {
    const id = await submit("running");
    const client = await open();
    client.send({ type: "subscribe", job_id: id });
    await untilEvent(client, "started");
    client.send({ type: "subscribe", job_id: id, after: 1 });
    await until(client, "event", 3);
    expect(client.events.map((event) => event.id)).toEqual([1, 2, 2]);
    await gateway.runner.finish(id);
    await until(client, "unsubscribed");
    expect(client.events.map((event) => event.id)).toEqual([1, 2, 2, 3, 4]);
  });
});

describe("a subscription to all jobs", () => {
  it("has what comes from now on, of jobs that are not there yet too", async () => {
    const earlier = await submit("running");
    const client = await open();
    client.send({ type: "subscribe", job_id: "*" });
    expect(await until(client, "subscribed")).toMatchObject({ job_id: "*", after: await gateway.deps.jobs.lastEventSeq() });
    const later = await submit("completed");
    await gateway.runner.finish(earlier);
    await expect.poll(() => client.events.filter(({ type }) => type === "completed").length).toBe(2);
    expect(client.events.filter((event) => event.job_id === later).map(({ id }) => id)).toEqual([1, 2, 3, 4]);
    expect(client.events.filter((event) => event.job_id === earlier).map(({ type }) => type)).toEqual(["output", "completed"]);
    const seqs = client.events.map(({ seq }) => seq);
    expect(seqs).toEqual([...seqs].sort((a, b) => a - b));
  });

  it("has no gap and no double over a restart of the gateway", async () => {
    const id = await submit("running");
    const first = await open();
    first.send({ type: "subscribe", job_id: "*", after: 0 });
    await untilEvent(first, "started");
    gateway.stopping.abort();
    await expect.poll(() => first.closedWith).toBe(1001);
    await gateway.runner.progress(id, 20);
    await gateway.shutDown();

    gateway = await openListeningGateway({ clock: gateway.clock, dir: gateway.dir });
    const second = await open();
    second.send({ type: "subscribe", job_id: "*", after: first.events.at(-1)?.seq ?? 0 });
    await submit("completed");
    await untilEvent(second, "completed");
    const all = [...first.events, ...second.events];
    const stored = await gateway.deps.jobs.readAllEvents({ afterSeq: 0, limit: 1000 });
    expect(all.map(({ seq }) => seq)).toEqual(stored.map(({ seq }) => seq));
    expect(all.map(({ type }) => type)).toContain("progress");
  });
});

describe("a message that cannot be followed", () => {
  it.each([
    ["{", "invalid_message"],
    ["[]", "invalid_message"],
    ["null", "invalid_message"],
    ['{"type":"subscribe"}', "invalid_message"],
    ['{"type":"subscribe","job_id":""}', "invalid_message"],
    ['{"type":"subscribe","job_id":"*","after":-1}', "invalid_message"],
    ['{"type":"subscribe","job_id":"*","after":1.5}', "invalid_message"],
    ['{"type":"subscribe","job_id":"*","after":999}', "invalid_message"],
    ['{"type":"subscribe","job_id":"*","token":"x"}', "invalid_message"],
    ['{"type":"unsubscribe","job_id":"*"}', "invalid_message"],
    ['{"type":"shutdown","job_id":"*"}', "invalid_message"],
    ['{"type":"subscribe","job_id":"none"}', "job_not_found"],
    ['{"type":"subscribe","job_id":"none","__proto__":{"after":1}}', "invalid_message"],
  ])("as %s is answered with %s, and the next one is followed", async (text, code) => {
    const client = await open();
    client.socket.send(text);
    expect((await until(client, "error")).problem).toMatchObject({ code, instance: "/v1/stream", detail: expect.any(String) });
    client.send({ type: "subscribe", job_id: "*" });
    await until(client, "subscribed");
  });

  it("because the job has no such event is answered with the job it was about", async () => {
    const id = await submit("running");
    const client = await open();
    client.send({ type: "subscribe", job_id: id, after: 99 });
    expect(await until(client, "error")).toMatchObject({ job_id: id, problem: { code: "invalid_query" } });
  });

  it("as bytes is answered as such, and one that is too long ends the connection", async () => {
    const client = await open();
    client.socket.send(Buffer.from("{}"));
    expect((await until(client, "error")).problem?.code).toBe("invalid_message");
    client.socket.send("x".repeat(20_000));
    await expect.poll(() => client.closedWith).toBe(1009);
  });

  it("because there are too many subscriptions leaves the others as they are", async () => {
    const client = await open();
    const ids: string[] = [];
    for (let n = 0; n < 101; n += 1) ids.push(await submit("running"));
    for (const id of ids) client.send({ type: "subscribe", job_id: id });
    expect((await until(client, "error")).problem).toMatchObject({ code: "invalid_message", detail: expect.stringContaining("100") });
    expect(client.seen.filter(({ type }) => type === "subscribed")).toHaveLength(100);
    client.send({ type: "unsubscribe", job_id: ids[0] });
    await until(client, "unsubscribed");
    client.send({ type: "subscribe", job_id: ids[100] });
    await until(client, "subscribed", 101);
  });
});

describe("a reader", () => {
  it("that vanishes leaves nothing behind", async () => {
    const id = await submit("running");
    const client = await open();
    client.send({ type: "subscribe", job_id: id });
    client.send({ type: "subscribe", job_id: "*" });
    await until(client, "subscribed", 2);
    expect(watchers()).toBe(4);
    client.socket.terminate();
    await expect.poll(() => [watchers(), gateway.clock.pendingTimers]).toEqual([0, 0]);
  });

  it("that answers pings stays, though nothing happens", async () => {
    const client = await open();
    for (let n = 1; n <= 5; n += 1) {
      const pinged = once(client.socket, "ping");
      gateway.clock.advance(30_000);
      await pinged;
      // Its answer has come once the gateway answers what was sent after it.
      client.send({ type: "unsubscribe", job_id: "none" });
      await until(client, "error", n);
    }
    expect(client.closedWith).toBeNull();
  });

  it("that takes nothing holds up neither the job nor others, and is cut off", async () => {
    const id = await submit("running");
    const [slow, quick] = [await open(), await open()];
    for (const client of [slow, quick]) client.send({ type: "subscribe", job_id: id });
    await Promise.all([untilEvent(slow, "started"), untilEvent(quick, "started")]);
    slow.socket.pause();
    for (let n = 0; n < 40; n += 1) await gateway.runner.progress(id, n, { pad: "x".repeat(500_000) });
    await gateway.runner.finish(id);
    await until(quick, "unsubscribed");
    expect(quick.events).toHaveLength(44);
    expect(watchers()).toBeGreaterThan(0);
    quick.socket.terminate();
    await expect.poll(() => gateway.clock.pendingTimers).toBe(1);
    gateway.clock.advance(90_000);
    await expect.poll(() => [watchers(), gateway.clock.pendingTimers]).toEqual([0, 0]);
    slow.socket.resume();
    await expect.poll(() => slow.closedWith).toBe(1006);
    expect(slow.events.length).toBeLessThan(44);
  });

  it("that asks much and listens to nothing is not read any further", async () => {
    const ownServer = new WebSocketServer({ port: 0, host: "127.0.0.1" });
    await once(ownServer, "listening");
    const connected = once(ownServer, "connection");
    const client = new WebSocket(`ws://127.0.0.1:${z.object({ port: z.number() }).parse(ownServer.address()).port}`);
    let answers = 0;
    client.on("message", () => (answers += 1));
    const [socket] = z.tuple([z.instanceof(WebSocket), z.unknown()]).parse(await connected);
    new StreamSession(socket, gateway.deps).start();
    await once(client, "open");
    client.pause();
    const asked = 50_000;
    for (let n = 0; n < asked; n += 1) client.send('{"type":"nonsense"}');
    await expect.poll(() => socket.bufferedAmount, { timeout: 20_000 }).toBeGreaterThan(maxBufferedBytes);
    expect(socket.isPaused).toBe(true);
    expect(socket.bufferedAmount).toBeLessThan(maxBufferedBytes + 10_000);
    client.resume();
    await expect.poll(() => answers, { timeout: 60_000 }).toBe(asked);
    client.terminate();
    await expect.poll(() => gateway.clock.pendingTimers).toBe(0);
    ownServer.close();
  }, 90_000);

  it("is told when the gateway stops", async () => {
    const client = await open();
    client.send({ type: "subscribe", job_id: "*" });
    await until(client, "subscribed");
    gateway.stopping.abort();
    await expect.poll(() => client.closedWith).toBe(1001);
    expect(watchers()).toBe(0);
  });
});

describe("a connection", () => {
  async function answerTo(head: string): Promise<string> {
    const socket = connect(Number(new URL(gateway.url).port), "127.0.0.1");
    let text = "";
    socket.on("data", (chunk) => {
      text += chunk.toString();
    });
    socket.write(`${head}\r\n\r\n`);
    await expect.poll(() => text).toContain("\r\n\r\n");
    socket.destroy();
    return text;
  }

  const handshake = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";

  it("from a page of another site is refused, with a problem", async () => {
    for (const from of ["Origin: https://evil.example", "Sec-Fetch-Site: cross-site", "Origin: null", "Sec-Fetch-Site: same-site\r\nOrigin: http://h"]) {
      const answer = await answerTo(`GET /v1/stream HTTP/1.1\r\nHost: h\r\n${handshake}\r\n${from}`);
      expect(answer).toMatch(/^HTTP\/1\.1 403 /);
      expect(answer).toContain("application/problem+json");
    }
  });

  it("from a page of the gateway, or from no page, is let in", async () => {
    for (const from of ["Origin: http://h:3000", "Sec-Fetch-Site: same-origin\r\nOrigin: https://outside.example", "X-Other: 1"]) {
      expect(await answerTo(`GET /v1/stream HTTP/1.1\r\nHost: h:3000\r\n${handshake}\r\n${from}`)).toMatch(/^HTTP\/1\.1 101 /);
    }
  });

  it.each([
    ["GET /health", "h2c"],
    ["GET /health", "websocket"],
    ["GET /v1/jobs", "nonsense"],
  ])("that asks at %s for an upgrade to %s gets the plain answer", async (line, protocol) => {
    expect(await answerTo(`${line} HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: ${protocol}`)).toMatch(/^HTTP\/1\.1 200 /);
  });

  it("with a broken handshake is refused", async () => {
    expect(await answerTo("GET /v1/stream HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket")).toMatch(/^HTTP\/1\.1 400 /);
    expect(await answerTo(`GET /v1/stream?x=1 HTTP/1.1\r\nHost: h\r\n${handshake}`)).toMatch(/^HTTP\/1\.1 400 /);
  });
});
