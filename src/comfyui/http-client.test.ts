import { nextTick } from "node:process";
import { afterEach, describe, expect, it } from "vitest";
import { HeldClock } from "../telemetry/held-clock.ts";
import { parseBackendAddress } from "./backend-address.ts";
import { type Answer, ComfyHttp } from "./http-client.ts";
import { startScriptedServer, type Script, type ScriptedServer } from "./scripted-server.ts";
import { timeoutsMs } from "./timeouts.ts";

const clock = new HeldClock();
const timeoutMs = 30_000;

let server: ScriptedServer | null = null;
let http: ComfyHttp | null = null;
afterEach(async () => {
  http?.stop();
  await server?.stop();
  server = null;
  if (clock.pendingTimers > 0) throw new Error("a timer was left behind");
});

async function serving(answer: Script["answer"]): Promise<ComfyHttp> {
  server = await startScriptedServer({ answer });
  http = new ComfyHttp({ address: parseBackendAddress(server.url), clock });
  return http;
}

/** Answers the first call, and closes its connection in place of an answer to the second. */
function closingTheSecond(): NonNullable<Script["answer"]> {
  let calls = 0;
  return (_, response) => {
    calls += 1;
    if (calls === 2) response.socket?.destroy();
    else response.end(`answer ${calls}`);
  };
}

function faultOf(call: Promise<Answer>): Promise<unknown> {
  return call.then((answer) => `answered ${answer.status}`, (fault: unknown) => fault);
}

describe("a connection", () => {
  it("is kept for the next call", async () => {
    const ports: unknown[] = [];
    const client = await serving((_, response) => {
      ports.push(response.socket?.remotePort);
      response.end("ok");
    });
    await client.call("/api/queue", { timeoutMs });
    await client.call("/api/prompt", { method: "POST", body: "{}", timeoutMs });
    expect(ports).toHaveLength(2);
    expect(ports[1]).toBe(ports[0]);
  });

  it("that was closed meanwhile costs a question nothing: it is asked again", async () => {
    const client = await serving(closingTheSecond());
    await client.call("/api/queue", { timeoutMs });
    expect((await client.call("/api/queue", { timeoutMs })).text).toBe("answer 3");
  });

  it("that was closed meanwhile makes nobody send a graph twice", async () => {
    const client = await serving(closingTheSecond());
    await client.call("/api/queue", { timeoutMs });
    await expect(client.call("/api/prompt", { method: "POST", body: "{}", timeoutMs })).rejects.toMatchObject({ mayHaveArrived: true });
    expect(server?.requests).toHaveLength(2);
  });

  it("that does not come about in time is a call that never left", async () => {
    const client = await serving((_, response) => response.end("ok"));
    const failed = faultOf(client.call("/api/prompt", { method: "POST", body: "{}", timeoutMs }));
    // The limit begins when there is a socket, which is before the network has had a turn.
    while (clock.pendingTimers < 2) await new Promise<void>((resolve) => nextTick(resolve));
    clock.advance(timeoutsMs.connect);
    expect(await failed).toMatchObject({ mayHaveArrived: false, reason: "no connection in time" });
    expect(server?.requests).toEqual([]);
  });
});

describe("a server that is not there", () => {
  it.each(["127.0.0.1", "localhost"])("on %s is told as a call that never left", async (host) => {
    server = await startScriptedServer({});
    const { port } = new URL(server.url);
    await server.stop();
    http = new ComfyHttp({ address: parseBackendAddress(`http://${host}:${port}`), clock });
    expect(await faultOf(http.call("/api/queue", { timeoutMs }))).toMatchObject({ reason: "connection refused", mayHaveArrived: false });
  });

  it("or does not speak TLS is told so", async () => {
    server = await startScriptedServer({});
    http = new ComfyHttp({ address: parseBackendAddress(server.url.replace("http:", "https:")), clock });
    expect(await faultOf(http.call("/api/queue", { timeoutMs }))).toMatchObject({ reason: "it does not speak https", mayHaveArrived: false });
  });
});

describe("a call", () => {
  it("ends with a fault when its time is over, whether the head or the rest is missing", async () => {
    for (const answer of [() => undefined, (_: unknown, response: { write(text: string): unknown }) => void response.write("some")]) {
      const client = await serving(answer);
      const failed = faultOf(client.call("/api/queue", { timeoutMs }));
      await expect.poll(() => server?.requests.length).toBe(1);
      clock.advance(timeoutMs);
      expect(await failed).toMatchObject({ reason: "timed out after 30 s", mayHaveArrived: true });
      await server?.stop();
    }
  });

  it("ends when the client stops, and one that is open too", async () => {
    const client = await serving((request, response) => void (request.url === "/api/view" && response.write("some")));
    const { body } = await client.open("/api/view", { timeoutMs });
    await body.next();
    const broken = body.next().catch((fault: unknown) => fault);
    const failed = faultOf(client.call("/api/queue", { timeoutMs }));
    await expect.poll(() => server?.requests.length).toBe(2);
    client.stop();
    expect(await failed).toMatchObject({ reason: "the gateway stopped" });
    expect(await broken).toMatchObject({ reason: "the gateway stopped" });
  });

  it("tells that it is written before it is answered, and also when it never will be", async () => {
    const { promise: answer, resolve: release } = Promise.withResolvers<void>();
    const client = await serving((_, response) => void answer.then(() => response.end("ok")));
    const { promise: written, resolve: tell } = Promise.withResolvers<void>();
    const called = client.call("/api/prompt", { method: "POST", body: "{}", timeoutMs, written: tell });
    await written;
    release();
    expect((await called).text).toBe("ok");
    await server?.stop();
    const { promise: never, resolve: tellNever } = Promise.withResolvers<void>();
    await faultOf(client.call("/api/prompt", { method: "POST", body: "{}", timeoutMs, written: tellNever }));
    await never;
  });

  it("takes a redirect for the answer", async () => {
    const client = await serving((_, response) => response.writeHead(302, { location: "http://elsewhere.example/" }).end());
    expect((await client.call("/api/queue", { timeoutMs })).status).toBe(302);
  });
});
