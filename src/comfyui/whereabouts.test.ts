import { afterEach, describe, expect, it } from "vitest";
import { HeldClock } from "../telemetry/held-clock.ts";
import { parseBackendAddress } from "./backend-address.ts";
import { cancelPrompt } from "./cancellation.ts";
import { ComfyHttp } from "./http-client.ts";
import { startScriptedServer, type ScriptedServer } from "./scripted-server.ts";
import { locatePrompt } from "./whereabouts.ts";

const entry = { prompt: [0, "p", {}, {}, []], outputs: {}, status: { status_str: "success", completed: true, messages: [] }, meta: {} };
const idle = { queue_running: [], queue_pending: [] };

let server: ScriptedServer | null = null;
afterEach(async () => {
  await server?.stop();
  server = null;
});

/** Answers each GET with the next body of its path; the last one stays. */
async function serving(bodies: { readonly history?: readonly object[]; readonly queue?: readonly object[] }): Promise<ComfyHttp> {
  const history = [...(bodies.history ?? [{}])];
  const queue = [...(bodies.queue ?? [idle])];
  server = await startScriptedServer({
    answer: (request, response) => {
      const bodyList = request.url.startsWith("/api/history") ? history : queue;
      const body = bodyList.length > 1 ? bodyList.shift() : bodyList[0];
      response.end(request.method === "GET" ? JSON.stringify(body) : "");
    },
  });
  return new ComfyHttp({ address: parseBackendAddress(server.url), clock: new HeldClock() });
}

function asked(): string[] {
  return (server?.requests ?? []).map((request) => `${request.method} ${request.url}`);
}

describe("locatePrompt", () => {
  it("finished: the history is enough", async () => {
    expect(await locatePrompt(await serving({ history: [{ p: entry }] }), "p")).toMatchObject({ state: "finished", entry: { failure: null } });
    expect(asked()).toEqual(["GET /api/history/p"]);
  });

  it("running and waiting: as the queue says", async () => {
    const item = [4, "p", {}, {}, []];
    expect(await locatePrompt(await serving({ queue: [{ ...idle, queue_running: [item] }] }), "p")).toEqual({ state: "running" });
    await server?.stop();
    expect(await locatePrompt(await serving({ queue: [{ ...idle, queue_pending: [[1.5, "q"], item] }] }), "p")).toEqual({ state: "waiting" });
  });

  it("finished: when the run ended between the look at the history and at the queue", async () => {
    expect(await locatePrompt(await serving({ history: [{}, { p: entry }] }), "p")).toMatchObject({ state: "finished" });
  });

  it("absent: only after a second look at the history", async () => {
    expect(await locatePrompt(await serving({}), "p")).toEqual({ state: "absent" });
    expect(asked()).toEqual(["GET /api/history/p", "GET /api/queue", "GET /api/history/p"]);
  });

  it("says that an answer cannot be read, and which call met which status", async () => {
    await expect(locatePrompt(await serving({ history: [{ p: { outputs: 5 } }] }), "p")).rejects.toMatchObject({ code: "comfyui_unexpected" });
    await server?.stop();
    await expect(locatePrompt(await serving({ queue: [{}] }), "p")).rejects.toMatchObject({ code: "comfyui_unexpected" });
    await server?.stop();
    server = await startScriptedServer({ answer: (_, response) => response.writeHead(502).end() });
    const http = new ComfyHttp({ address: parseBackendAddress(server.url), clock: new HeldClock() });
    await expect(locatePrompt(http, "p")).rejects.toMatchObject({ code: "comfyui_unreachable", detail: expect.stringContaining("answered 502") });
  });
});

describe("cancelPrompt", () => {
  it("takes a waiting prompt out and interrupts nothing", async () => {
    await cancelPrompt(await serving({}), "p");
    expect(asked()).toEqual(["POST /api/queue", "GET /api/queue"]);
  });

  it("interrupts a prompt that runs, by its id", async () => {
    await cancelPrompt(await serving({ queue: [{ ...idle, queue_running: [[0, "p"]] }] }), "p");
    expect(asked()).toEqual(["POST /api/queue", "GET /api/queue", "POST /api/interrupt"]);
    expect(server?.requests.map((request) => request.body.toString())).toEqual(['{"delete":["p"]}', "", '{"prompt_id":"p"}']);
  });
});
