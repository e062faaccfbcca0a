import { afterEach, describe, expect, it } from "vitest";
import { parseGraph } from "../graph/graph.ts";
import { HeldClock } from "../telemetry/held-clock.ts";
import { silentLogger } from "../telemetry/logger.ts";
import type { Backend } from "./backend.ts";
import { createBackend } from "./comfy-backend.ts";
import { eventually } from "./eventually.suite.ts";
import { startScriptedServer, type Script, type ScriptedServer } from "./scripted-server.ts";

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop();
});

const answering: Script["answer"] = (request, response) => {
  if (request.url === "/api/system_stats") response.end('{"system":{"comfyui_version":"x"},"devices":[]}');
  else if (request.url === "/api/prompt" && request.method === "GET") response.end('{"exec_info":{"queue_remaining":0}}');
  else response.writeHead(500).end();
};

function queueOf(remaining: number): string {
  return JSON.stringify({ type: "status", data: { status: { exec_info: { queue_remaining: remaining } } } });
}

async function rig(script: Script = { answer: answering }): Promise<{ server: ScriptedServer; clock: HeldClock; backend: Backend }> {
  const server = await startScriptedServer(script);
  stops.push(() => server.stop());
  const clock = new HeldClock();
  const backend = createBackend({ url: server.url.replace("//", "//me:hush@"), clock, logger: silentLogger });
  stops.push(() => backend.stop());
  return { server, clock, backend };
}

describe("createBackend", () => {
  it("refuses an address that is no http URL", () => {
    expect(() => createBackend({ url: "tcp://x", clock: new HeldClock(), logger: silentLogger })).toThrow("http");
  });

  it("keeps user, password and address out of every error", async () => {
    const { server, backend } = await rig();
    await server.stop();
    const calls = [
      () => backend.locate("p"),
      () => backend.cancel("p"),
      () => backend.upload({ name: "a/b.png", content: new Blob(["x"]) }),
      () => backend.download({ filename: "a.png", subfolder: "", type: "output" }),
    ];
    for (const call of calls) {
      await expect(call()).rejects.toMatchObject({ code: "comfyui_unreachable", detail: "ComfyUI does not answer: connection refused." });
    }
    const failed = await backend.locate("p").catch((error: unknown) => error);
    expect(String(failed)).not.toMatch(/hush|127\.0\.0\.1/);
    expect(JSON.stringify(failed, Object.getOwnPropertyNames(failed))).not.toContain("hush");
  });

  it("sends the graph under the client id of the open socket", async () => {
    const { server, backend } = await rig();
    backend.start();
    await eventually(() => expect(server.sockets).toHaveLength(1));
    await backend.submit({ graph: parseGraph({ "1": { class_type: "A", inputs: {} } }), promptId: "p" });
    const id = new URL(server.upgrades[0]?.url ?? "", "http://x").searchParams.get("clientId");
    const post = server.requests.find((request) => request.method === "POST");
    expect(post?.body.toString()).toContain(`"client_id":"${id}"`);
  });

  it("routes events to their prompt, reads the queue, and survives every kind of malformed frame", async () => {
    const { server, backend } = await rig();
    backend.start();
    await eventually(() => expect(backend.health().reachable).toBe(true));
    await eventually(() => expect(server.sockets).toHaveLength(1));
    const seen: string[] = [];
    const [peer] = server.sockets;
    peer?.send(queueOf(5));
    await eventually(() => expect(backend.health().queueRemaining).toBe(5));
    backend.onEvent("p", (event) => seen.push(event.type));
    for (const frame of ["", "{", "null", '{"type":5}', '{"type":"executing"}', Buffer.alloc(3), Buffer.alloc(9, 1)]) peer?.send(frame);
    peer?.send(queueOf(7));
    peer?.send('{"type":"execution_start","data":{"prompt_id":"other"}}');
    peer?.send('{"type":"execution_start","data":{"prompt_id":"p","timestamp":NaN}}');
    peer?.send('{"type":"executing","data":{"prompt_id":"p","node":null}}');
    await eventually(() => expect(seen.at(-1)).toBe("ended"));
    expect(seen).toEqual(["started", "ended"]);
    expect(backend.health().queueRemaining).toBe(7);
  });

  it("tells a gap to everyone when the socket is lost, and to whoever comes while it is away", async () => {
    const { server, clock, backend } = await rig();
    backend.start();
    await eventually(() => expect(server.sockets).toHaveLength(1));
    await eventually(() => expect(backend.health().reachable).toBe(true));
    const seen: string[] = [];
    server.sockets[0]?.send(queueOf(5));
    await eventually(() => expect(backend.health().queueRemaining).toBe(5));
    backend.onEvent("early", (event) => seen.push(`early ${event.type}`));
    server.sockets[0]?.terminate();
    await eventually(() => expect(seen).toEqual(["early gap"]));
    backend.onEvent("late", (event) => seen.push(`late ${event.type}`));
    expect(seen).toEqual(["early gap"]);
    await eventually(() => expect(seen).toEqual(["early gap", "late gap"]));
    clock.advance(250);
    await eventually(() => expect(server.sockets).toHaveLength(2));
  });

  it("leaves no timer and no socket when it stops, whatever was under way", async () => {
    const { server, clock, backend } = await rig({ answer: () => undefined });
    backend.start();
    const pending = backend.locate("p").catch((error: unknown) => error);
    await eventually(() => expect(server.sockets).toHaveLength(1));
    await backend.stop();
    expect(await pending).toMatchObject({ code: "comfyui_unreachable" });
    await eventually(() => expect(clock.pendingTimers).toBe(0));
  });
});
