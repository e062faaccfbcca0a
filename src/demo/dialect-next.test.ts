import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { get, post, runToEnd, stopDemo } from "./demo-client.test-kit.ts";
import { startDemoComfyui, type DemoComfyui } from "./demo-comfyui.ts";

let demo: DemoComfyui;

beforeEach(async () => {
  demo = await startDemoComfyui({ dialect: "next" });
});

afterEach(async () => {
  await stopDemo(demo);
});

const saved = (prefix: string): object => ({
  "1": { class_type: "EmptyImage", inputs: { width: 8, height: 6, batch_size: 1, color: 1 } },
  "2": { class_type: "SaveImage", inputs: { images: ["1", 0], filename_prefix: prefix } },
  "3": { class_type: "PreviewAny", inputs: { source: "text" } },
});
const slow = { "1": { class_type: "Slow", inputs: { steps: 2, delay: 0, preview: false, seed: 1 } }, "2": { class_type: "SaveImage", inputs: { images: ["1", 0], filename_prefix: "s" } } };

describe("the newer dialect", () => {
  it("takes canonical UUIDs as prompt ids, makes one for null, and refuses the rest", async () => {
    expect((await post(demo.url, "/prompt", { prompt: slow, prompt_id: null })).body).toMatchObject({ prompt_id: expect.stringMatching(/^[0-9a-f-]{36}$/) });
    for (const id of ["x", 5, randomUUID().toUpperCase(), ""]) {
      expect((await post(demo.url, "/prompt", { prompt: slow, prompt_id: id })).body).toMatchObject({ error: { type: "invalid_prompt_id" }, node_errors: {} });
    }
  });

  it("lists in the history only what this run showed, and describes files", async () => {
    await runToEnd(demo.url, saved("a"));
    const { entry } = await runToEnd(demo.url, saved("a"), { partial_execution_targets: ["3"] });
    expect(entry).toMatchObject({ outputs: { "3": { text: ["text"] } } });
    expect(JSON.stringify(entry)).not.toContain("a_00001_");
    const { entry: again } = await runToEnd(demo.url, saved("a"));
    expect(again).toMatchObject({ outputs: { "2": { images: [{ filename: "a_00001_.png", metadata: { kind: "image", width: 8, height: 6 } }] } } });
  });

  it("keeps the cache of earlier prompts", async () => {
    for (const prefix of ["a", "b", "a"]) await runToEnd(demo.url, saved(prefix));
    expect(demo.fileNames("output")).toEqual(["a_00001_.png", "b_00001_.png"]);
  });

  it("strips keys of paid services from the queue", async () => {
    const release = demo.faults.holdNode("Slow");
    await post(demo.url, "/prompt", { prompt: slow, extra_data: { api_key_comfy_org: "secret" } });
    await expect.poll(async () => (await get(demo.url, "/queue")).text).toContain("Slow");
    expect((await get(demo.url, "/queue")).text).not.toContain("secret");
    release();
  });

  it("lists, shows and cancels jobs below /api/jobs only", async () => {
    const done = await runToEnd(demo.url, saved("a"), { extra_data: { extra_pnginfo: { workflow: { id: "w" } } } });
    const release = demo.faults.holdNode("Slow");
    const [running, pending] = [randomUUID(), randomUUID()];
    await post(demo.url, "/prompt", { prompt: slow, prompt_id: running });
    await post(demo.url, "/prompt", { prompt: slow, prompt_id: pending });
    await expect.poll(async () => (await get(demo.url, `/api/jobs/${running}`)).body).toMatchObject({ status: "in_progress" });
    expect((await get(demo.url, `/api/jobs/${pending}`)).body).toMatchObject({ id: pending, status: "pending" });
    expect((await get(demo.url, "/api/jobs?status=completed&workflow_id=w")).body).toMatchObject({
      jobs: [{ id: done.promptId, status: "completed", outputs_count: 1, workflow_id: "w" }],
      pagination: { offset: 0, limit: null, total: 1, has_more: false },
    });
    expect((await get(demo.url, "/api/jobs?limit=1")).body).toMatchObject({ pagination: { total: 3, has_more: true } });
    expect((await get(demo.url, `/api/jobs/${done.promptId}`)).body).toMatchObject({ outputs: { "3": { text: ["text"] } }, execution_status: { completed: true } });

    expect((await post(demo.url, "/api/jobs/cancel", { job_ids: ["x"] })).body).toMatchObject({ invalid_ids: ["x"] });
    expect((await post(demo.url, "/api/jobs/cancel", { job_ids: [pending] })).body).toEqual({ cancelled: true });
    expect((await post(demo.url, `/api/jobs/${running}/cancel`, "")).body).toEqual({ cancelled: true });
    await expect.poll(async () => (await get(demo.url, `/api/jobs/${running}`)).body).toMatchObject({ status: "cancelled" });
    expect((await post(demo.url, `/api/jobs/${running}/cancel`, "")).body).toEqual({ cancelled: false });
    expect((await get(demo.url, `/api/jobs/${pending}`)).status).toBe(404);
    expect((await get(demo.url, "/api/jobs?status=bogus")).status).toBe(400);
    expect((await get(demo.url, "/jobs")).status).toBe(404);
    release();
  });

  it("is not there in the older one", async () => {
    const older = await startDemoComfyui();
    expect((await get(older.url, "/api/jobs")).status).toBe(404);
    await older.stop();
  });
});
