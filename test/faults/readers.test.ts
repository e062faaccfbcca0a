import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { WebSocket } from "ws";
import { z } from "zod";
import { parseJson, stringifyJson } from "../../src/json/exact.ts";
import { bundledProgram } from "./bundle.ts";
import { patience } from "./client.ts";
import { expectWholeLog, readEvents, type EventSeen } from "./event-log.ts";
import { quickGraph, slowGraph, slowOutputs } from "./graphs.ts";
import { completedOnce, Host, type Surroundings } from "./host.ts";

const program = bundledProgram();
const timeout = 60_000;

/** Adds to `seen` the events of a job that come after those, until they end. Rejects when the connection breaks. */
async function follow(at: Host, id: string, seen: EventSeen[], onOpen: () => void = () => undefined): Promise<void> {
  const response = await fetch(`${at.url}/v1/jobs/${id}/events`, { headers: { "last-event-id": String(seen.at(-1)?.id ?? 0) } });
  if (response.status !== 200 || response.body === null) throw new Error(`the events answer ${response.status}`);
  onOpen();
  let text = "";
  let read = 0;
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const events = readEvents(text);
    seen.push(...events.slice(read));
    read = events.length;
  }
}

const messageSchema = z.discriminatedUnion("type", [
  z.looseObject({ type: z.literal("subscribed") }),
  z.looseObject({ type: z.literal("preview") }),
  z.looseObject({ type: z.literal("event"), event: z.looseObject({ job_id: z.string(), id: z.number(), seq: z.number(), type: z.string() }) }),
]);

type NumberedEvent = EventSeen & { readonly seq: number };

/** As `follow`, for all jobs by WebSocket. Resolves when it is subscribed, with the end of the connection. */
async function subscribeToAll(at: Host, seen: NumberedEvent[]): Promise<{ readonly closed: Promise<unknown> }> {
  const socket = new WebSocket(`${at.url.replace("http", "ws")}/v1/stream`);
  onTestFinished(() => socket.terminate());
  socket.on("error", () => undefined);
  const closed = once(socket, "close");
  await once(socket, "open");
  const subscribed = Promise.withResolvers<void>();
  socket.on("message", (data: Buffer) => {
    const message = messageSchema.parse(parseJson(data.toString()));
    if (message.type === "event") seen.push(message.event);
    if (message.type === "subscribed") subscribed.resolve();
  });
  socket.send(stringifyJson({ type: "subscribe", job_id: "*", after: seen.at(-1)?.seq ?? 0 }));
  await subscribed.promise;
  return { closed };
}

/** A reader who asks for a job's events and then never reads a byte. */
async function stalledReader(at: Host, id: string): Promise<Socket> {
  const { hostname, port } = new URL(at.url);
  const socket = connect(Number(port), hostname);
  onTestFinished(() => {
    socket.destroy();
  });
  // The gateway may cut who does not read; that is its good right.
  socket.on("error", () => undefined);
  await once(socket, "connect");
  socket.pause();
  socket.write(`GET /v1/jobs/${id}/events HTTP/1.1\r\nHost: ${hostname}:${port}\r\nAccept: text/event-stream\r\n\r\n`);
  return socket;
}

async function heldJob(context: Surroundings): Promise<{ readonly at: Host; readonly id: string; readonly release: () => void }> {
  const at = await Host.open(context, { command: program.command() });
  await at.start();
  const release = at.demo.faults.holdNode("Slow", 3);
  const { id } = await at.client.submit({ graph: slowGraph({ steps: 20 }) });
  await at.client.running(id);
  return { at, id, release };
}

describe("a reader of events", { timeout }, () => {
  it("who comes back with the last id it saw gets each event once, over two deaths of the gateway", async (context) => {
    const { at, id, release } = await heldJob(context);
    const seen: EventSeen[] = [];
    for (let death = 0; death < 2; death += 1) {
      const open = Promise.withResolvers<void>();
      const broken = follow(at, id, seen, open.resolve).catch((error: unknown) => error);
      await Promise.race([open.promise, broken]);
      // ComfyUI has told the first steps and stops there: more will not come in this life.
      await vi.waitFor(() => expect(seen.map(({ type }) => type)).toContain("progress"), patience);
      await at.kill();
      expect(await broken).toBeInstanceOf(Error);
      await at.start();
    }
    release();
    await follow(at, id, seen);
    expectWholeLog(seen, "completed");
    expect(await at.client.events(id)).toEqual(seen);
    expect(await at.fate(id)).toEqual(completedOnce(slowOutputs));
  });

  it("of all jobs who comes back with the last number it saw gets each event of each job once", async (context) => {
    const { at, id, release } = await heldJob(context);
    const seen: NumberedEvent[] = [];
    const first = await subscribeToAll(at, seen);
    const other = await at.client.submit({ graph: quickGraph(1) });
    await vi.waitFor(() => expect(seen.map((event) => event.job_id)).toContain(other.id), patience);
    await at.kill();
    await first.closed;
    await at.start();
    release();
    await subscribeToAll(at, seen);
    await vi.waitFor(() => expect(seen.filter(({ type }) => type === "completed")).toHaveLength(2), patience);
    for (const jobId of [id, other.id]) {
      const ofJob = seen.filter((event) => event.job_id === jobId);
      expectWholeLog(ofJob, "completed");
      expect(ofJob).toEqual(await at.client.events(jobId));
    }
    expect(seen.map(({ seq }) => seq)).toEqual(seen.map(({ seq }) => seq).toSorted((a, b) => a - b));
  });

  it("who stalls or vanishes slows neither the job nor the others", async (context) => {
    const { at, id, release } = await heldJob(context);
    const sockets: Socket[] = [];
    for (let reader = 0; reader < 30; reader += 1) sockets.push(await stalledReader(at, id));
    const seen: EventSeen[] = [];
    const reading = follow(at, id, seen);
    await vi.waitFor(() => expect(seen.map(({ type }) => type)).toContain("started"), patience);
    for (const socket of sockets.slice(0, 15)) socket.resetAndDestroy();
    release();
    await reading;
    expectWholeLog(seen, "completed");
    expect(await at.fate(id)).toEqual(completedOnce(slowOutputs));
  });

  it("who hangs up on a run that streams its events does not call the job off", async (context) => {
    const at = await Host.open(context, { command: program.command() });
    await at.start();
    const release = at.demo.faults.holdNode("Slow", 3);
    const hungUp = new AbortController();
    const order = { graph: slowGraph(), idempotencyKey: "order-1" };
    const response = await at.client.stream(order, hungUp.signal);
    expect(response.headers.get("content-type")).toContain("text/event-stream");
    hungUp.abort();
    release();
    const { id } = await at.client.submit(order);
    expect(await at.fate(id)).toEqual(completedOnce(slowOutputs));
  });
});
