import { once } from "node:events";
import { afterEach, describe, expect, it } from "vitest";
import { HeldClock } from "../telemetry/held-clock.ts";
import { silentLogger } from "../telemetry/logger.ts";
import { parseBackendAddress } from "./backend-address.ts";
import { eventually } from "./eventually.suite.ts";
import { startScriptedServer, type Script, type ScriptedServer } from "./scripted-server.ts";
import { ComfySocket } from "./socket.ts";

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop();
});

interface Rig {
  readonly server: ScriptedServer;
  readonly clock: HeldClock;
  readonly socket: ComfySocket;
  readonly heard: (string | number)[];
  /** What was logged of connections that failed. */
  readonly failures: string[];
}

async function rig(script: Script = {}): Promise<Rig> {
  const server = await startScriptedServer(script);
  stops.push(() => server.stop());
  const clock = new HeldClock();
  const heard: (string | number)[] = [];
  const failures: string[] = [];
  const socket = new ComfySocket({
    address: parseBackendAddress(server.url.replace("//", "//me:pw@")),
    clock,
    logger: { ...silentLogger, debug: (_, message) => failures.push(message) },
    listener: {
      opened: () => heard.push("opened"),
      text: (text) => heard.push(text),
      binary: (frame) => heard.push(frame.length),
      lost: () => heard.push("lost"),
    },
  });
  stops.push(() => socket.stop());
  return { server, clock, socket, heard, failures };
}

function clientIds(server: ScriptedServer): (string | null)[] {
  return server.upgrades.map((request) => new URL(request.url ?? "", "http://x").searchParams.get("clientId"));
}

describe("ComfySocket", () => {
  it("connects with its client id, with authorization, without an Origin, and speaks of features first", async () => {
    const frames: string[] = [];
    const { server, socket } = await rig({ connected: (peer) => peer.on("message", (data: Buffer) => frames.push(data.toString())) });
    socket.start();
    await eventually(() => expect(frames).toHaveLength(1));
    expect(frames).toEqual(['{"type":"feature_flags","data":{"supports_preview_metadata":true}}']);
    expect(clientIds(server)).toEqual([socket.clientId]);
    expect(server.upgrades[0]?.url).toMatch(/^\/api\/ws\?clientId=/);
    expect(server.upgrades[0]?.headers).not.toHaveProperty("origin");
    expect(server.upgrades[0]?.headers["authorization"]).toBe(`Basic ${Buffer.from("me:pw").toString("base64")}`);
  });

  it("hands on text and binary frames, of tens of megabytes too", async () => {
    const { socket, heard } = await rig({
      connected: (peer) => {
        peer.send("hello");
        peer.send(Buffer.alloc(40 * 2 ** 20));
      },
    });
    socket.start();
    await eventually(() => expect(heard).toEqual(["opened", "hello", 40 * 2 ** 20]));
  });

  it("opens another connection, under another client id, only after the old one is closed", async () => {
    const { server, clock, socket, heard } = await rig();
    socket.start();
    await eventually(() => expect(heard).toEqual(["opened"]));
    server.sockets[0]?.close();
    await eventually(() => expect(heard).toEqual(["opened", "lost"]));
    expect(server.sockets).toHaveLength(1);
    clock.advance(250);
    await eventually(() => expect(heard).toEqual(["opened", "lost", "opened"]));
    expect(new Set(clientIds(server)).size).toBe(2);
    expect(clientIds(server).at(-1)).toBe(socket.clientId);
  });

  it("gives up a half-open connection after two pings without a sign of life", async () => {
    const { server, clock, socket, heard } = await rig({ autoPong: false });
    socket.start();
    await eventually(() => expect(heard).toEqual(["opened"]));
    clock.advance(10_000);
    clock.advance(10_000);
    expect(socket.isOpen).toBe(true);
    clock.advance(10_000);
    await eventually(() => expect(heard).toEqual(["opened", "lost"]));
    clock.advance(250);
    await eventually(() => expect(server.sockets).toHaveLength(2));
  });

  it("keeps a connection whose pings are answered", async () => {
    const { server, clock, socket, heard } = await rig();
    socket.start();
    await eventually(() => expect(heard).toEqual(["opened"]));
    const [peer] = server.sockets;
    if (peer === undefined) throw new Error("no connection");
    for (let round = 0; round < 6; round += 1) {
      const pinged = once(peer, "ping");
      clock.advance(10_000);
      await pinged;
      // The pong was sent before this frame, so it is there before it.
      peer.send(`round ${round}`);
      await eventually(() => expect(heard.at(-1)).toBe(`round ${round}`));
    }
    expect(heard).not.toContain("lost");
  });

  it("backs off to five seconds from a server that drops every connection at once", async () => {
    const { server, clock, socket, heard } = await rig({ connected: (peer) => peer.close() });
    socket.start();
    for (const [index, delayMs] of [250, 500, 1000, 2000, 4000, 5000, 5000].entries()) {
      await eventually(() => expect(heard.filter((word) => word === "lost")).toHaveLength(index + 1));
      clock.advance(delayMs - 1);
      expect(heard).toHaveLength((index + 1) * 2);
      clock.advance(1);
      await eventually(() => expect(server.sockets).toHaveLength(index + 2));
    }
  });

  it("connects at once when told to hurry", async () => {
    const { server, socket, heard } = await rig();
    socket.start();
    await eventually(() => expect(heard).toEqual(["opened"]));
    socket.hurry();
    server.sockets[0]?.close();
    await eventually(() => expect(heard).toEqual(["opened", "lost"]));
    socket.hurry();
    await eventually(() => expect(heard).toEqual(["opened", "lost", "opened"]));
    expect(server.sockets).toHaveLength(2);
  });

  it("keeps its client id while nothing listens", async () => {
    const { server, clock, socket, failures } = await rig();
    await server.stop();
    const id = socket.clientId;
    socket.start();
    await eventually(() => expect(failures).toHaveLength(1));
    clock.advance(250);
    await eventually(() => expect(failures).toHaveLength(2));
    expect(socket.clientId).toBe(id);
    expect(socket.isOpen).toBe(false);
  });

  it("leaves no connection and no timer when it stops, connected or not", async () => {
    const { server, clock, socket, heard } = await rig();
    socket.start();
    await eventually(() => expect(heard).toEqual(["opened"]));
    const [peer] = server.sockets;
    if (peer === undefined) throw new Error("no connection");
    const closed = once(peer, "close");
    await socket.stop();
    await closed;
    expect(clock.pendingTimers).toBe(0);

    const other = await rig();
    other.socket.start();
    await other.socket.stop();
    expect(other.clock.pendingTimers).toBe(0);
  });
});
