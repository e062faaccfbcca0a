import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { flush, get, openClient, post, runToEnd, stopDemo, type TestClient } from "./demo-client.test-kit.ts";
import { startDemoComfyui, type DemoComfyui } from "./demo-comfyui.ts";

let demo: DemoComfyui;
let client: TestClient;

beforeEach(async () => {
  demo = await startDemoComfyui();
  client = await openClient(demo.url, "me");
});

afterEach(async () => {
  client.socket.terminate();
  await stopDemo(demo);
});

const slow = (seed: number): object => ({
  "1": { class_type: "Slow", inputs: { steps: 3, delay: 0, preview: false, seed } },
  "2": { class_type: "SaveImage", inputs: { images: ["1", 0], filename_prefix: "slow" } },
});

async function postSlow(seed: number): Promise<string> {
  const promptId = randomUUID();
  const { status } = await post(demo.url, "/prompt", { prompt: slow(seed), prompt_id: promptId, client_id: "me" });
  expect(status).toBe(200);
  return promptId;
}

const isRunning = async (promptId: string): Promise<boolean> => (await get(demo.url, "/queue")).text.includes(`"queue_running":[[0,"${promptId}"`);

describe("faults", () => {
  it("killWorker: prompts are accepted and stay in the queue until a restart", async () => {
    demo.faults.killWorker();
    await postSlow(1);
    await flush(client);
    expect((await get(demo.url, "/queue")).text).toContain('"queue_running":[],"queue_pending":[[0,');
    expect(demo.runs().size).toBe(0);
    await demo.faults.restart();
    expect((await runToEnd(demo.url, slow(2))).entry).toMatchObject({ status: { status_str: "success" } });
  });

  it("two prompts that the queue cannot order kill the worker, as in the real one", async () => {
    const release = demo.faults.holdNode("Slow");
    await postSlow(1);
    const twin = randomUUID();
    await post(demo.url, "/prompt", { prompt: slow(2), prompt_id: twin, number: 5 });
    expect((await post(demo.url, "/prompt", { prompt: slow(3), prompt_id: twin, number: 5 })).status).toBe(500);
    expect((await get(demo.url, "/prompt")).body).toEqual({ exec_info: { queue_remaining: 3 } });
    release();
  });

  it("restart: queue, history, counter and temp files are gone, input and output files stay, the run does not go on", async () => {
    await runToEnd(demo.url, slow(1));
    const release = demo.faults.holdNode("Slow", 2);
    const promptId = randomUUID();
    await post(demo.url, "/prompt", { prompt: slow(2), prompt_id: promptId });
    await expect.poll(() => demo.runs().get(promptId)).toBe(1);
    const { url } = demo;
    const closed = once(client.socket, "close");
    await demo.faults.restart();
    await closed;
    release();
    expect(demo.url).toBe(url);
    expect((await get(demo.url, "/history")).text).toBe("{}");
    expect((await get(demo.url, "/prompt")).body).toEqual({ exec_info: { queue_remaining: 0 } });
    expect(demo.fileNames("output")).toEqual(["slow_00001_.png"]);
    expect((await post(demo.url, "/prompt", { prompt: slow(3) })).body).toMatchObject({ number: 0 });
  });

  it("goDown: connections are refused until it comes back", async () => {
    await demo.faults.goDown();
    await expect(fetch(`${demo.url}/prompt`)).rejects.toThrow("fetch failed");
    await demo.faults.comeBack();
    expect((await get(demo.url, "/prompt")).status).toBe(200);
  });

  it("dropSockets: every socket ends", async () => {
    const closed = once(client.socket, "close");
    demo.faults.dropSockets();
    await closed;
    await expect.poll(() => demo.socketCount()).toBe(0);
  });

  it("silenceSockets: an open socket hears nothing more and gets no pong, a new one works", async () => {
    await flush(client);
    demo.faults.silenceSockets();
    client.clear();
    let pongs = 0;
    client.socket.on("pong", () => {
      pongs += 1;
    });
    client.socket.ping();
    const fresh = await openClient(demo.url, "fresh");
    await runToEnd(demo.url, slow(1), { client_id: "me" });
    await flush(fresh);
    expect(fresh.frames.length).toBeGreaterThan(0);
    expect([client.frames, pongs]).toEqual([[], 0]);
    await fresh.close();
  });

  it("ignoreInterrupts: a held node goes on when released, whatever was asked", async () => {
    const release = demo.faults.holdNode("Slow", 2);
    demo.faults.ignoreInterrupts = true;
    const promptId = await postSlow(1);
    await client.until((frames) => frames.some(({ type }) => type === "progress"));
    await post(demo.url, "/interrupt", { prompt_id: promptId });
    expect(await isRunning(promptId)).toBe(true);
    release();
    await expect.poll(async () => (await get(demo.url, `/history/${promptId}`)).text).toContain('"status_str":"success"');
  });

  it("holdAnswers: the prompt runs to its end before its answer comes", async () => {
    const release = demo.faults.holdAnswers("/prompt");
    const promptId = randomUUID();
    const answer = post(demo.url, "/prompt", { prompt: slow(1), prompt_id: promptId });
    await expect.poll(async () => (await get(demo.url, `/history/${promptId}`)).text).not.toBe("{}");
    release();
    expect((await answer).status).toBe(200);
  });

  it("resetAfterAccepting: the connection breaks, and the prompt runs once", async () => {
    demo.faults.resetAfterAccepting(1);
    const promptId = randomUUID();
    await expect(post(demo.url, "/prompt", { prompt: slow(1), prompt_id: promptId })).rejects.toThrow("fetch failed");
    await expect.poll(async () => (await get(demo.url, `/history/${promptId}`)).text).not.toBe("{}");
    expect(demo.runs().get(promptId)).toBe(1);
    await postSlow(2);
  });

  it("failRequests: as many requests fail as were named, and nothing is carried out", async () => {
    demo.faults.failRequests("/prompt", { status: 503, count: 1 });
    expect((await post(demo.url, "/prompt", { prompt: slow(1) })).status).toBe(503);
    expect(demo.accepted()).toEqual([]);
    await postSlow(1);
  });
});
