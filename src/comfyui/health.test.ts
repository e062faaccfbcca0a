import { afterEach, describe, expect, it } from "vitest";
import { HeldClock } from "../telemetry/held-clock.ts";
import { silentLogger } from "../telemetry/logger.ts";
import type { BackendHealth } from "./backend.ts";
import { parseBackendAddress } from "./backend-address.ts";
import { eventually } from "./eventually.suite.ts";
import { HealthProbe } from "./health.ts";
import { ComfyHttp } from "./http-client.ts";
import { startScriptedServer, type Script, type ScriptedServer } from "./scripted-server.ts";
import { timeoutsMs } from "./timeouts.ts";

const stats = {
  system: { comfyui_version: "0.3.64", argv: ["--secret"] },
  devices: [{ name: "cuda:0 RTX", type: "cuda", index: 0, vram_total: 24e9, vram_free: 20e9 }],
};

const stops: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop();
});

interface Rig {
  readonly server: ScriptedServer;
  readonly clock: HeldClock;
  readonly http: ComfyHttp;
  readonly health: HealthProbe;
  readonly changes: BackendHealth[];
}

async function rig(answer: Script["answer"]): Promise<Rig> {
  const server = await startScriptedServer({ answer });
  stops.push(() => server.stop());
  const clock = new HeldClock();
  const http = new ComfyHttp({ address: parseBackendAddress(server.url), clock });
  const health = new HealthProbe({ http, clock, logger: silentLogger });
  const changes: BackendHealth[] = [];
  health.onChange((state) => changes.push(state));
  stops.push(() => {
    health.stop();
    http.stop();
  });
  return { server, clock, http, health, changes };
}

const healthy: Script["answer"] = (request, response) =>
  response.end(JSON.stringify(request.url === "/api/system_stats" ? stats : { exec_info: { queue_remaining: 3 } }));

describe("HealthProbe", () => {
  it("is not reachable before it has asked", async () => {
    const { health } = await rig(healthy);
    expect(health.current).toMatchObject({ reachable: false, reason: "not asked yet", queueRemaining: null, version: null });
  });

  it("learns version, devices and queue from the first probe, and asks again every five seconds", async () => {
    const { server, clock, health, changes } = await rig(healthy);
    clock.advance(1000);
    health.start();
    await eventually(() => expect(changes).toHaveLength(1));
    expect(health.current).toEqual({
      reachable: true,
      since: clock.now(),
      reason: null,
      version: "0.3.64",
      devices: [{ name: "cuda:0 RTX", type: "cuda", vramTotal: 24e9, vramFree: 20e9 }],
      queueRemaining: 3,
      stalled: false,
    });
    const asked = server.requests.length;
    await eventually(() => expect(clock.pendingTimers).toBe(1));
    clock.advance(5000);
    await eventually(() => expect(server.requests.length).toBe(asked * 2));
    expect(new Set(server.requests.map((request) => request.url))).toEqual(new Set(["/api/system_stats", "/api/prompt", "/api/queue"]));
  });

  it("takes the queue from status messages while it is reachable", async () => {
    const { health, changes } = await rig(healthy);
    health.noteQueue(9);
    expect(health.current.queueRemaining).toBeNull();
    health.start();
    await eventually(() => expect(changes).toHaveLength(1));
    health.noteQueue(9);
    expect(health.current.queueRemaining).toBe(9);
  });

  it("flips at once when any call is refused, and back when ComfyUI answers", async () => {
    const { server, clock, http, health, changes } = await rig(healthy);
    health.start();
    await eventually(() => expect(changes).toHaveLength(1));
    await server.stop();
    await expect(http.call("/api/queue", { timeoutMs: 1000 })).rejects.toMatchObject({ reason: "connection refused" });
    expect(changes.map(({ reachable, reason, queueRemaining }) => [reachable, reason, queueRemaining])).toEqual([
      [true, null, 3],
      [false, "connection refused", null],
    ]);
    expect(health.current.since).toBe(clock.now());
  });

  it.each([
    ["answered 502", 502, ""],
    ["answered 401: the user or password in its URL is wrong or missing", 401, ""],
    ["answered 404: this does not look like a ComfyUI server", 404, ""],
    ["answered something that is not ComfyUI's", 200, "<html>"],
    ["answered something that is not ComfyUI's", 200, "{}"],
  ])("says %j", async (reason, status, body) => {
    const { health } = await rig((_, response) => response.writeHead(status).end(body));
    health.start();
    await eventually(() => expect(health.current).toMatchObject({ reachable: false, reason }));
  });

  it("forgives one probe without an answer, and not a second in a row", async () => {
    let mute = false;
    const { server, clock, health, changes } = await rig((request, response) => {
      if (!mute) healthy?.(request, response);
    });
    health.start();
    await eventually(() => expect(changes).toHaveLength(1));
    mute = true;
    const missProbe = async (): Promise<void> => {
      const before = server.requests.length;
      await eventually(() => expect(clock.pendingTimers).toBe(1));
      clock.advance(5000);
      await eventually(() => expect(server.requests.length).toBe(before + 1));
      clock.advance(timeoutsMs.probe);
    };
    await missProbe();
    await eventually(() => expect(clock.pendingTimers).toBe(1));
    expect(health.current.reachable).toBe(true);
    await missProbe();
    await eventually(() => expect(health.current).toMatchObject({ reachable: false, reason: "timed out after 5 s" }));
    expect(changes).toHaveLength(2);
  });

  it("tells a listener nothing more once it has left, and leaves no timer behind", async () => {
    const { clock, health } = await rig(healthy);
    const heard: boolean[] = [];
    const leave = health.onChange((state) => heard.push(state.reachable));
    leave();
    health.start();
    await eventually(() => expect(health.current.reachable).toBe(true));
    await eventually(() => expect(clock.pendingTimers).toBe(1));
    health.stop();
    expect(heard).toEqual([]);
    expect(clock.pendingTimers).toBe(0);
  });

  it("finds a dead worker when prompts wait and none runs at two probes in a row, and believes a new start", async () => {
    let queue = { queue_running: [], queue_pending: [[1, "waits", {}, {}, []]] };
    const { clock, health } = await rig((request, response) => {
      const answers: Record<string, unknown> = { "/api/system_stats": stats, "/api/queue": queue };
      response.end(JSON.stringify(answers[request.url ?? ""] ?? { exec_info: { queue_remaining: queue.queue_pending.length } }));
    });
    const afterProbe = async (begin: () => void) => {
      const before = health.current;
      begin();
      await eventually(() => expect(health.current).not.toBe(before));
      return health.current.stalled;
    };
    expect(await afterProbe(() => health.start())).toBe(false);
    expect(await afterProbe(() => clock.advance(5000))).toBe(true);
    queue = { queue_running: [], queue_pending: [] };
    expect(await afterProbe(() => clock.advance(5000))).toBe(false);
  });
});
