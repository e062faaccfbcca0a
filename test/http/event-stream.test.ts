import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { ApiDocument } from "./api-document.ts";
import { allEvents, blocksOf, eventsOf, nextWhere, type EventSeen } from "./event-reader.ts";
import { openListeningGateway, type ListeningGateway } from "./listening-gateway.ts";

let gateway: ListeningGateway;

beforeEach(async () => {
  gateway = await openListeningGateway();
});

afterEach(() => gateway.close());

const get = (path: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> => fetch(`${gateway.url}${path}`, { headers });

const post = (fate: string, init: RequestInit = {}): Promise<Response> =>
  fetch(`${gateway.url}/test/picture`, { method: "POST", body: JSON.stringify({ prompt: "x", fate }), headers: { Prefer: "respond-async" }, ...init });

async function submit(fate: string): Promise<string> {
  const { id } = z.looseObject({ id: z.string() }).parse(await (await post(fate)).json());
  await gateway.runner.settled();
  return id;
}

const typesOf = (events: readonly EventSeen[]): readonly string[] => events.map(({ type }) => type);
const idsOf = (events: readonly EventSeen[]): readonly number[] => events.map(({ id }) => id);
const numbers = (first: number, last: number): readonly number[] => Array.from({ length: last - first + 1 }, (_, n) => first + n);

const watchers = (): number => gateway.deps.hub.size - gateway.runner.listeners;

/** Nobody listens, and no timer is left. */
async function expectNothingLeft(): Promise<void> {
  await expect.poll(() => [watchers(), gateway.clock.pendingTimers]).toEqual([0, 0]);
}

/** More than the buffers of both ends of a connection hold. */
async function writeMuch(id: string): Promise<void> {
  for (let n = 0; n < 40; n += 1) await gateway.runner.progress(id, n, { pad: "x".repeat(500_000) });
}

describe("a stream of events", () => {
  it("has those of the past and those to come, each once and in order, and ends with the job", async () => {
    const id = await submit("running");
    const answer = await get(`/v1/jobs/${id}/events`);
    expect(Object.fromEntries(answer.headers)).toMatchObject({ "content-type": "text/event-stream", "cache-control": "no-store", "x-content-type-options": "nosniff" });
    const stream = eventsOf(answer);
    const seen = [await nextWhere(stream, ({ type }) => type === "queued"), await nextWhere(stream, ({ type }) => type === "started")];
    await gateway.runner.progress(id, 50);
    await gateway.runner.finish(id);
    for await (const event of stream) seen.push(event);
    expect(typesOf(seen)).toEqual(["queued", "started", "progress", "output", "completed"]);
    expect(idsOf(seen)).toEqual(numbers(1, 5));
    expect(seen[3]).toMatchObject({ job_id: id, index: 0, kind: "image", url: `/v1/jobs/${id}/outputs/0` });
    expect((await get(String(seen[3]?.["url"]))).status).toBe(200);
    await expectNothingLeft();
  });

  it("sends events as the document declares them", async () => {
    const document = new ApiDocument(await (await get("/openapi.json")).text());
    const failed = await allEvents(await get(`/v1/jobs/${await submit("comfyui_node_failed")}/events`));
    const id = await submit("running");
    await fetch(`${gateway.url}/v1/jobs/${id}`, { method: "DELETE" });
    const cancelled = await allEvents(await get(`/v1/jobs/${id}/events`));
    const completed = await allEvents(await get(`/v1/jobs/${await submit("completed")}/events`));
    for (const event of [...failed, ...cancelled, ...completed]) expect(document.faults("/components/schemas/JobEvent", event)).toEqual([]);
    expect([failed, cancelled, completed].map((events) => events.at(-1)?.type)).toEqual(["failed", "cancelled", "completed"]);
    expect(failed.at(-1)).toMatchObject({ type: "failed", error: { code: "comfyui_node_failed", errors: [{ pointer: "/prompt" }] } });
    expect(document.faults("/components/schemas/JobEvent", { ...failed[0], surprise: 1 })).not.toEqual([]);
  });

  it("goes on after Last-Event-ID, or after=, the header first", async () => {
    const id = await submit("completed");
    expect(idsOf(await allEvents(await get(`/v1/jobs/${id}/events`, { "Last-Event-ID": "2" })))).toEqual([3, 4]);
    expect(idsOf(await allEvents(await get(`/v1/jobs/${id}/events?after=3`)))).toEqual([4]);
    expect(idsOf(await allEvents(await get(`/v1/jobs/${id}/events?after=1`, { "Last-Event-ID": "3" })))).toEqual([4]);
    expect(idsOf(await allEvents(await get(`/v1/jobs/${id}/events?after=2`, { "Last-Event-ID": "" })))).toEqual([3, 4]);
  });

  it("has no more for who has read all of a finished job, and says so in the way that ends a browser's attempts", async () => {
    const id = await submit("completed");
    expect((await get(`/v1/jobs/${id}/events`, { "Last-Event-ID": "4" })).status).toBe(204);
  });

  it.each([["?after=9", {}], ["", { "Last-Event-ID": "9" }], ["", { "Last-Event-ID": "x" }], ["?after=x", {}], ["?after=", {}], ["?from=1", {}]])(
    "refuses %j with %j: what comes after an event that is not there would be waited for in vain",
    async (query, headers) => {
      const answer = await get(`/v1/jobs/${await submit("running")}/events${query}`, headers);
      expect(await answer.json()).toMatchObject({ status: 400, code: "invalid_query" });
    },
  );

  it("has no gap and no double over a restart of the gateway", async () => {
    const id = await submit("running");
    const stream = eventsOf(await get(`/v1/jobs/${id}/events`));
    await gateway.runner.progress(id, 10);
    const seen: EventSeen[] = [];
    gateway.stopping.abort();
    for await (const event of stream) seen.push(event);
    expect(typesOf(seen)).toEqual(["queued", "started", "progress"]);
    await gateway.runner.progress(id, 20);
    await gateway.shutDown();

    gateway = await openListeningGateway({ clock: gateway.clock, dir: gateway.dir, isIdle: true });
    const rest = allEvents(await get(`/v1/jobs/${id}/events`, { "Last-Event-ID": String(seen.at(-1)?.id) }));
    await gateway.deps.jobs.orphan({ exceptOwner: "nobody" });
    gateway.runner.start();
    await gateway.runner.settled();
    await gateway.runner.finish(id);
    seen.push(...(await rest));
    expect(idsOf(seen)).toEqual(numbers(1, seen.length));
    expect(typesOf(seen).slice(3)).toContain("progress");
    expect(seen.at(-1)?.type).toBe("completed");
  });

  it("is kept open by a comment every 15 s in which nothing happens", async () => {
    const id = await submit("running");
    const blocks = blocksOf(await get(`/v1/jobs/${id}/events`));
    expect((await blocks.next()).value).toMatchObject({ fields: { retry: "2000" } });
    await nextWhere(blocks, ({ fields }) => fields["event"] === "started");
    for (let n = 0; n < 3; n += 1) {
      await expect.poll(() => gateway.clock.pendingTimers).toBe(1);
      gateway.clock.advance(14_999);
      const next = blocks.next();
      gateway.clock.advance(1);
      expect((await next).value).toEqual({ fields: {}, comment: expect.any(String) });
    }
    await gateway.runner.finish(id);
    await nextWhere(blocks, ({ fields }) => fields["event"] === "completed");
    await expectNothingLeft();
  });

  it("carries the newest preview without a number", async () => {
    const id = await submit("running");
    gateway.deps.hub.preview(id, { nodeId: "3", contentType: "image/jpeg", image: Buffer.from("old") });
    gateway.deps.hub.preview(id, { nodeId: "3", contentType: "image/jpeg", image: Buffer.from("new") });
    const blocks = blocksOf(await get(`/v1/jobs/${id}/events`));
    const { fields } = await nextWhere(blocks, (block) => block.fields["event"] === "preview");
    expect(fields).toEqual({ event: "preview", data: JSON.stringify({ job_id: id, node_id: "3", content_type: "image/jpeg", data: Buffer.from("new").toString("base64") }) });
    await gateway.runner.finish(id);
    await nextWhere(blocks, (block) => block.fields["event"] === "completed");
  });

  it("is the same for 200 who watch one job", async () => {
    const id = await submit("running");
    const all = await Promise.all(numbers(1, 200).map(async () => eventsOf(await get(`/v1/jobs/${id}/events`))));
    await Promise.all(all.map((stream) => nextWhere(stream, ({ type }) => type === "started")));
    const rests = all.map(async (stream) => {
      const seen: EventSeen[] = [];
      for await (const event of stream) seen.push(event);
      return seen;
    });
    for (let n = 1; n <= 20; n += 1) await gateway.runner.progress(id, n);
    await gateway.runner.finish(id);
    const lists = await Promise.all(rests);
    expect(idsOf(lists[0] ?? [])).toEqual(numbers(3, 24));
    for (const list of lists) expect(list).toEqual(lists[0]);
    await expectNothingLeft();
  });

  it("ends when the gateway stops, and the reader knows where to go on", async () => {
    const id = await submit("running");
    const events = allEvents(await get(`/v1/jobs/${id}/events`));
    await expect.poll(watchers).toBeGreaterThan(0);
    gateway.stopping.abort();
    expect(typesOf(await events)).toEqual(["queued", "started"]);
    await expectNothingLeft();
  });

  it("leaves nothing behind of a reader that vanishes", async () => {
    const id = await submit("running");
    const leave = new AbortController();
    const answer = await fetch(`${gateway.url}/v1/jobs/${id}/events`, { signal: leave.signal });
    const stream = eventsOf(answer);
    await nextWhere(stream, ({ type }) => type === "started");
    expect(watchers()).toBeGreaterThan(0);
    leave.abort();
    await expect(stream.next()).rejects.toThrow("aborted");
    await expectNothingLeft();
  });

  it("is described by HEAD without being opened", async () => {
    const id = await submit("running");
    const answer = await fetch(`${gateway.url}/v1/jobs/${id}/events`, { method: "HEAD" });
    expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "text/event-stream"]);
    await expectNothingLeft();
  });
});

describe("a reader that takes nothing", () => {
  async function stalled(id: string): Promise<Socket> {
    const socket = connect(Number(new URL(gateway.url).port), "127.0.0.1");
    socket.on("error", () => undefined);
    await once(socket, "connect");
    socket.pause();
    socket.write(`GET /v1/jobs/${id}/events HTTP/1.1\r\nHost: h\r\n\r\n`);
    await expect.poll(watchers).toBeGreaterThan(0);
    return socket;
  }

  it("holds up neither the job nor others, and is cut off after a minute", async () => {
    const id = await submit("running");
    const socket = await stalled(id);
    const others = allEvents(await get(`/v1/jobs/${id}/events`));
    await writeMuch(id);
    await gateway.runner.finish(id);
    expect(idsOf(await others)).toEqual(numbers(1, 44));
    await expect.poll(() => gateway.clock.pendingTimers).toBe(1);
    gateway.clock.advance(59_999);
    expect(watchers()).toBeGreaterThan(0);
    gateway.clock.advance(1);
    await expectNothingLeft();
    const closed = once(socket, "close");
    socket.resume();
    await closed;
  });

  it("is not cut off when it goes on reading in time", async () => {
    const id = await submit("running");
    const socket = await stalled(id);
    await writeMuch(id);
    await expect.poll(() => gateway.clock.pendingTimers).toBe(1);
    gateway.clock.advance(30_000);
    let text = "";
    socket.on("data", (chunk) => {
      text = (text + chunk.toString("latin1")).slice(-2_000);
    });
    socket.resume();
    await gateway.runner.finish(id);
    await expect.poll(() => text).toContain("event: completed");
    socket.destroy();
    await expectNothingLeft();
  });
});

describe("a run that asks for events", () => {
  const headers = { Accept: "text/event-stream" };

  it("gets them on the same answer, from the first to the last, with the job's name", async () => {
    const answer = await post("completed", { headers });
    expect(answer.status).toBe(200);
    const events = await allEvents(answer);
    expect(typesOf(events)).toEqual(["queued", "started", "output", "completed"]);
    expect(answer.headers.get("location")).toBe(`/v1/jobs/${events[0]?.job_id}`);
    expect(answer.headers.get("x-job-id")).toBe(events[0]?.job_id);
  });

  it("of a raw graph gets them too", async () => {
    const answer = await fetch(`${gateway.url}/v1/jobs`, { method: "POST", headers, body: '{"graph":{"1":{"class_type":"Draw","inputs":{}}}}' });
    expect(typesOf(await allEvents(answer)).at(-1)).toBe("completed");
  });

  it("and hangs up does not cancel its job", async () => {
    const leave = new AbortController();
    const answer = await post("running", { headers, signal: leave.signal });
    const stream = eventsOf(answer);
    await nextWhere(stream, ({ type }) => type === "started");
    leave.abort();
    await expect(stream.next()).rejects.toThrow("aborted");
    await expectNothingLeft();
    expect((await gateway.deps.jobs.counts()).running).toBe(1);
  });

  it("gets a problem and no stream when it is refused", async () => {
    const answer = await fetch(`${gateway.url}/test/picture`, { method: "POST", headers, body: "{" });
    expect(await answer.json()).toMatchObject({ status: 400, code: "invalid_json" });
  });
});
