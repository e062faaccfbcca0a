import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Backend } from "../comfyui/backend.ts";
import { createBackend } from "../comfyui/comfy-backend.ts";
import { type DemoComfyui, startDemoComfyui } from "../demo/demo-comfyui.ts";
import { JobHub } from "../events/job-hub.ts";
import { openDiskFileStore } from "../files/disk-file-store.ts";
import type { FileStore } from "../files/file-store.ts";
import type { Graph } from "../graph/graph.ts";
import { isFinished, type Job } from "../job/job.ts";
import type { JobStore } from "../job/job-store.ts";
import { openSqliteStore } from "../store/sqlite/sqlite-store.ts";
import { noCheckpoint } from "../telemetry/checkpoint.ts";
import { systemClock } from "../telemetry/clock.ts";
import { noWatch } from "../telemetry/job-watch.ts";
import { silentLogger } from "../telemetry/logger.ts";
import { Runner } from "./runner.ts";

/** On a machine that runs everything else at the same time. */
const soon = { timeout: 10_000 };

const picture: Graph = {
  "1": { class_type: "EmptyImage", inputs: { width: 32, height: 16, batch_size: 2, color: 255 } },
  "2": { class_type: "SaveImage", inputs: { images: ["1", 0], filename_prefix: "t/pic" } },
  "3": { class_type: "PreviewAny", inputs: { source: "hello" } },
};

let folder: string;
let demo: DemoComfyui;
let jobs: JobStore;
let files: FileStore;
let hub: JobHub;
let backend: Backend;
let runner: Runner;

function startRunner(parts: Partial<Backend> = {}): Promise<void> {
  runner = new Runner({
    jobs, hub, backend: { ...backend, ...parts }, files, clock: systemClock, logger: silentLogger, owner: randomUUID(), newPromptId: () => randomUUID(), checkpoint: noCheckpoint, watch: noWatch, leaseMs: 30_000, prefetch: 1,
  });
  return runner.start();
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "runner-"));
  demo = await startDemoComfyui();
  jobs = await openSqliteStore({ path: join(folder, "jobs.db") });
  files = await openDiskFileStore({ dir: join(folder, "files") });
  hub = new JobHub();
  backend = createBackend({ url: demo.url, clock: systemClock, logger: silentLogger });
  backend.start();
  await startRunner();
});

afterEach(async () => {
  await runner.stop({ drainMs: 0 });
  await backend.stop();
  await demo.stop();
  await jobs.close();
  if (hub.size > 0) throw new Error(`${hub.size} subscriptions were left`);
  await rm(folder, { recursive: true });
});

const limits = { owner: null, startTimeoutMs: null, runTimeoutMs: null, webhookUrl: null };

async function submit(graph: Graph, parts: Partial<Job> = {}): Promise<string> {
  const job = { id: randomUUID(), workflow: null, priority: "normal" as const, inputs: {}, graph, files: [], origins: {}, createdAt: Date.now(), ...limits, ...parts };
  await jobs.insert(job, { maxQueued: 1000 });
  hub.queued();
  return job.id;
}

async function read(id: string): Promise<Job> {
  const job = await jobs.get(id);
  if (job === null) throw new Error("no such job");
  return job;
}

async function finished(id: string): Promise<Job> {
  await vi.waitFor(async () => expect(isFinished((await read(id)).status)).toBe(true), soon);
  return read(id);
}

describe("a job", () => {
  it("is run once, and its files and texts are copied out", async () => {
    const job = await finished(await submit(picture));
    expect(job.status).toBe("completed");
    expect(job.attempt).toBe(1);
    expect(job.outputs.map(({ kind, filename, text }) => ({ kind, filename, text }))).toEqual([
      { kind: "image", filename: "pic_00001_.png", text: undefined },
      { kind: "image", filename: "pic_00002_.png", text: undefined },
      { kind: "text", filename: "2.txt", text: "hello" },
    ]);
    const first = await files.describe(job.outputs[0]?.sha256 ?? "");
    expect(first).toMatchObject({ contentType: "image/png", size: job.outputs[0]?.size });
  });

  it("fails with ComfyUI's reason and the request's field when the graph is refused", async () => {
    const wrong: Graph = {
      "1": { class_type: "EmptyImage", inputs: { width: 0, height: 16, batch_size: 1, color: 0 } },
      "2": { class_type: "SaveImage", inputs: { images: ["1", 0], filename_prefix: "t/pic" } },
    };
    const { status, error, startedAt } = await finished(await submit(wrong, { workflow: "demo/pic", origins: { "1/width": "/width" } }));
    expect(status).toBe("failed");
    expect(startedAt).toBeNull();
    expect(error?.code).toBe("comfyui_rejected");
    expect(error?.errors[0]).toMatchObject({ pointer: "/width", node_id: "1", class_type: "EmptyImage" });
  });

  it("is run with a warning when ComfyUI drops one of its outputs", async () => {
    const partly: Graph = {
      ...picture,
      "4": { class_type: "EmptyImage", inputs: { width: 0, height: 16, batch_size: 1, color: 0 } },
      "5": { class_type: "SaveImage", inputs: { images: ["4", 0], filename_prefix: "t/no" } },
    };
    const job = await finished(await submit(partly));
    expect(job.status).toBe("completed");
    expect(job.warnings).toHaveLength(1);
    expect(job.warnings[0]).toMatchObject({ code: "output_refused", nodeId: "4" });
  });

  it("keeps the outputs that were finished before a node failed, and tells the failure once", async () => {
    const failing: Graph = { ...picture, "2": { class_type: "SaveImage", inputs: { images: ["1", 0], filename_prefix: "../../outside" } } };
    const job = await finished(await submit(failing));
    expect(job.status).toBe("failed");
    expect(job.error).toMatchObject({ code: "comfyui_node_failed", errors: [{ pointer: "/graph/2", node_id: "2" }] });
    expect(job.outputs.map(({ text }) => text)).toEqual(["hello"]);
    expect(job.warnings).toEqual([]);
  });

  it("has its input files in ComfyUI before it runs", async () => {
    const source = await finished(await submit(picture));
    const id = source.outputs[0]?.sha256 ?? "";
    const name = `comfyui-api/${id}.png`;
    const loading: Graph = {
      "1": { class_type: "LoadImage", inputs: { image: name } },
      "2": { class_type: "SaveImage", inputs: { images: ["1", 0], filename_prefix: "t/loaded" } },
    };
    const job = await finished(await submit(loading, { files: [{ fileId: id, name }] }));
    expect(job.status).toBe("completed");
    expect(job.outputs[0]?.kind).toBe("image");
  });

  it("keeps the images that SaveImageWebsocket sends instead of saving them", async () => {
    const sending: Graph = { "1": picture["1"] ?? { class_type: "", inputs: {} }, "2": { class_type: "SaveImageWebsocket", inputs: { images: ["1", 0] } } };
    const job = await finished(await submit(sending));
    expect(job.outputs.map(({ nodeId, contentType }) => ({ nodeId, contentType }))).toEqual([
      { nodeId: "2", contentType: "image/png" },
      { nodeId: "2", contentType: "image/png" },
    ]);
  });

  it("keeps a seed of 2^64−1 exact on its way to ComfyUI", async () => {
    const seeded: Graph = { "1": { class_type: "PreviewAny", inputs: { source: ["2", 0] } }, "2": { class_type: "PrimitiveInt", inputs: { value: 9223372036854775807n } } };
    const job = await finished(await submit(seeded));
    expect(job.outputs[0]?.text).toBe("9223372036854775807");
  });
});

describe("the queue", () => {
  it("waits while ComfyUI is away, and goes on by itself when it is back", async () => {
    await demo.faults.goDown();
    await vi.waitFor(() => expect(backend.health().reachable).toBe(false), soon);
    const id = await submit(picture);
    expect(await read(id)).toMatchObject({ status: "queued", attempt: 0 });
    await demo.faults.comeBack();
    expect(await finished(id)).toMatchObject({ status: "completed", attempt: 1 });
  });

  it("gives ComfyUI a job after the one before it, also when that one's files take their time", async () => {
    const { outputs } = await finished(await submit(picture));
    const id = outputs[0]?.sha256 ?? "";
    const name = `comfyui-api/${id}.png`;
    await runner.stop({ drainMs: 0 });
    const { promise: uploaded, resolve: upload } = Promise.withResolvers<void>();
    await startRunner({ upload: (file) => uploaded.then(() => backend.upload(file)) });
    const before = demo.accepted().length;
    const first = await submit({ "1": { class_type: "LoadImage", inputs: { image: name } }, "2": { class_type: "PreviewImage", inputs: { images: ["1", 0] } } }, { files: [{ fileId: id, name }] });
    const second = await submit({ "1": { class_type: "PreviewAny", inputs: { source: "second" } } });
    // Ready to be sent, and waiting for its turn.
    await vi.waitFor(async () => expect((await read(second)).promptId).not.toBeNull(), soon);
    expect(demo.accepted()).toHaveLength(before);
    upload();
    const promptIds = [(await finished(first)).promptId, (await finished(second)).promptId];
    expect(demo.accepted().slice(before).map(({ promptId }) => promptId)).toEqual(promptIds);
  });

  it("runs every job once, however many come at once", async () => {
    const ids = await Promise.all(Array.from({ length: 12 }, (_, n) => submit({ "1": { class_type: "PreviewAny", inputs: { source: `text ${n}` } } })));
    const done = await Promise.all(ids.map(finished));
    expect(done.map((job) => job.outputs[0]?.text)).toEqual(ids.map((_, n) => `text ${n}`));
    expect(done.every((job) => job.attempt === 1)).toBe(true);
  });
});

/** Its sampler can be held at any step. */
const sampled: Graph = {
  "1": { class_type: "CheckpointLoaderSimple", inputs: { ckpt_name: "v1-5-pruned-emaonly.safetensors" } },
  "2": { class_type: "CLIPTextEncode", inputs: { text: "a", clip: ["1", 1] } },
  "3": { class_type: "EmptyLatentImage", inputs: { width: 64, height: 64, batch_size: 1 } },
  "4": {
    class_type: "KSampler",
    inputs: {
      seed: 1, steps: 4, cfg: 1, sampler_name: "euler", scheduler: "simple", denoise: 1,
      model: ["1", 0], positive: ["2", 0], negative: ["2", 0], latent_image: ["3", 0],
    },
  },
  "5": { class_type: "VAEDecode", inputs: { samples: ["4", 0], vae: ["1", 2] } },
  "6": { class_type: "SaveImage", inputs: { images: ["5", 0], filename_prefix: "t/sampled" } },
};

async function running(id: string): Promise<Job> {
  await vi.waitFor(async () => expect((await read(id)).status).toBe("running"), soon);
  return read(id);
}

/** Handed to ComfyUI, and waiting there. */
async function waitingInComfy(id: string): Promise<void> {
  await vi.waitFor(async () => expect(demo.accepted().map(({ promptId }) => promptId)).toContain((await read(id)).promptId), soon);
}

async function requestCancel(id: string): Promise<string> {
  const answer = await jobs.requestCancel({ jobId: id, nowMs: Date.now() });
  if (answer === "requested") hub.cancelRequested(id);
  return answer;
}

async function eventTypes(id: string): Promise<string[]> {
  return (await jobs.readEvents({ jobId: id, afterId: 0, limit: 1000 })).map(({ type }) => type);
}

describe("the log of a job", () => {
  it("tells its whole way in order, with one end", async () => {
    const id = await submit(sampled);
    const job = await finished(id);
    expect(job.progress).toMatchObject({ percent: 100, completedNodes: 6, currentNode: null });
    const types = await eventTypes(id);
    expect(types[0]).toBe("queued");
    expect(types.indexOf("started")).toBeLessThan(types.indexOf("node_started"));
    expect(types.filter((type) => type === "node_finished")).toHaveLength(6);
    expect(types).toContain("progress");
    expect(types.slice(-2)).toEqual(["output", "completed"]);
  });
});

describe("a cancel", () => {
  it("of a running job interrupts ComfyUI and leaves it free", async () => {
    demo.faults.holdNode("KSampler", 2);
    const id = await submit(sampled);
    await running(id);
    expect(await requestCancel(id)).toBe("requested");
    expect(await finished(id)).toMatchObject({ status: "cancelled", error: null, outputs: [] });
    expect((await finished(await submit(picture))).status).toBe("completed");
  });

  it("of a job that waits in ComfyUI takes it out there, and it never runs", async () => {
    const release = demo.faults.holdNode("KSampler", 2);
    const first = await submit(sampled);
    await running(first);
    const second = await submit(picture);
    await waitingInComfy(second);
    const { promptId } = await read(second);
    expect(await requestCancel(second)).toBe("requested");
    expect((await finished(second)).status).toBe("cancelled");
    release();
    expect((await finished(first)).status).toBe("completed");
    expect(demo.runs().has(promptId ?? "")).toBe(false);
  });

  it("that comes when the run has ended changes nothing", async () => {
    const id = await submit(picture);
    await finished(id);
    expect(await requestCancel(id)).toBe("finished");
    expect((await read(id)).status).toBe("completed");
  });
});

describe("a deadline", () => {
  it("stops a job that runs too long and frees ComfyUI", async () => {
    demo.faults.holdNode("KSampler", 2);
    const id = await submit(sampled, { runTimeoutMs: 300 });
    expect(await finished(id)).toMatchObject({ status: "failed", error: { code: "run_timeout" } });
    expect((await finished(await submit(picture))).status).toBe("completed");
  });

  it("fails a job that waits in ComfyUI beyond its start timeout", async () => {
    const release = demo.faults.holdNode("KSampler", 2);
    const first = await submit(sampled);
    await running(first);
    const second = await submit(picture, { startTimeoutMs: 500 });
    expect(await finished(second)).toMatchObject({ status: "failed", error: { code: "start_timeout" }, startedAt: null });
    release();
    expect((await finished(first)).status).toBe("completed");
  });
});

describe("a failure that may pass", () => {
  it("of memory is tried once more after ComfyUI has freed its memory", async () => {
    const id = await submit({
      ...picture,
      "2": { class_type: "Fail", inputs: { image: ["1", 0], kind: "oom" } },
      "4": { class_type: "SaveImage", inputs: { images: ["2", 0], filename_prefix: "t/oom" } },
    });
    const job = await finished(id);
    expect(job).toMatchObject({ status: "failed", attempt: 2, error: { code: "comfyui_out_of_memory" } });
    expect(job.attempts.map(({ error }) => error?.code)).toEqual(["comfyui_out_of_memory", "comfyui_out_of_memory"]);
    expect(await eventTypes(id)).toContain("retrying");
  });

  it("of ComfyUI itself starts the job anew, and blames only the job that ran", async () => {
    const release = demo.faults.holdNode("KSampler", 2);
    const killer = await submit(sampled);
    await running(killer);
    const innocent = await submit(picture);
    await waitingInComfy(innocent);
    await demo.faults.restart();
    await vi.waitFor(async () => expect((await read(killer)).attempts[0]?.error?.code).toBe("comfyui_lost"), soon);
    release();
    expect(await finished(killer)).toMatchObject({ status: "completed", attempt: 2 });
    expect((await finished(innocent)).status).toBe("completed");
  });
});

describe("a runner that is asked to stop", () => {
  it("lets the running job end and gives the waiting one back", async () => {
    const release = demo.faults.holdNode("KSampler", 2);
    const first = await submit(sampled);
    await running(first);
    const second = await submit(picture);
    await waitingInComfy(second);
    const stopped = runner.stop({ drainMs: 60_000 });
    await vi.waitFor(async () => expect(await read(second)).toMatchObject({ status: "queued", promptId: null, attempt: 0 }), soon);
    release();
    await stopped;
    expect((await read(first)).status).toBe("completed");
    await startRunner();
    expect(await finished(second)).toMatchObject({ status: "completed", attempt: 1 });
  });

  it("leaves a job that does not end in time to ComfyUI, and the next one takes it up", async () => {
    const release = demo.faults.holdNode("KSampler", 2);
    const id = await submit(sampled);
    await running(id);
    await runner.stop({ drainMs: 50 });
    expect((await read(id)).status).toBe("running");
    await startRunner();
    release();
    expect(await finished(id)).toMatchObject({ status: "completed", attempt: 1 });
  });
});

describe("a lost connection", () => {
  it("costs no job: a prompt whose answer was lost is looked up, not sent again", async () => {
    demo.faults.resetAfterAccepting(1);
    const job = await finished(await submit(picture));
    expect(job).toMatchObject({ status: "completed", attempt: 1 });
    expect(demo.accepted()).toHaveLength(1);
  });

  it("costs no job: the end of a run is seen without the socket", async () => {
    demo.faults.silenceSockets();
    expect(await finished(await submit(picture))).toMatchObject({ status: "completed", attempt: 1 });
  });
});

describe("a runner that takes over", () => {
  it("watches a job that an earlier process sent, and does not send it again", async () => {
    await runner.stop({ drainMs: 0 });
    const promptId = randomUUID();
    const id = await submit(picture);
    const claimed = await jobs.claim({ owner: "dead", leaseMs: 3_600_000, nowMs: Date.now() });
    if (claimed === null) throw new Error("nothing to claim");
    await jobs.beginAttempt(claimed.lease, { promptId, nowMs: Date.now() });
    expect(await backend.submit({ graph: picture, promptId })).toMatchObject({ outcome: "accepted" });
    await startRunner();
    expect(await finished(id)).toMatchObject({ status: "completed", attempt: 1, promptId });
    expect(demo.runs().get(promptId)).toBe(1);
  });

  it("sends a job again whose prompt never reached ComfyUI", async () => {
    await runner.stop({ drainMs: 0 });
    const id = await submit(picture);
    const claimed = await jobs.claim({ owner: "dead", leaseMs: 3_600_000, nowMs: Date.now() });
    if (claimed === null) throw new Error("nothing to claim");
    await jobs.beginAttempt(claimed.lease, { promptId: randomUUID(), nowMs: Date.now() });
    await startRunner();
    expect(await finished(id)).toMatchObject({ status: "completed", attempt: 2 });
  });
});

it("an uploaded text is refused as an image by the node that loads it, with the node's own words", async () => {
  const { id } = await files.put(Readable.from([Buffer.from("no image")]), { maxBytes: 100, filename: "note.txt" });
  const name = `comfyui-api/${id}.txt`;
  const graph: Graph = { "1": { class_type: "LoadImage", inputs: { image: name } }, "2": { class_type: "PreviewImage", inputs: { images: ["1", 0] } } };
  const job = await finished(await submit(graph, { files: [{ fileId: id, name }] }));
  expect(job).toMatchObject({ status: "failed", error: { code: "comfyui_node_failed" } });
});
