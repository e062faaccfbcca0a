import { createHash, randomInt, randomUUID } from "node:crypto";
import { buffer } from "node:stream/consumers";
import { PNG } from "pngjs";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import type { Backend, Submission, Whereabouts } from "../../src/comfyui/backend.ts";
import { createBackend } from "../../src/comfyui/comfy-backend.ts";
import type { BackendEvent } from "../../src/comfyui/event.ts";
import { ToldRun } from "../../src/comfyui/told-run.ts";
import type { HistoryEntry } from "../../src/comfyui/history.ts";
import { filesAndTexts } from "../../src/comfyui/ui-output.ts";
import { startDemoComfyui, type DemoComfyui } from "../../src/demo/demo-comfyui.ts";
import { parseGraph, type Graph } from "../../src/graph/graph.ts";
import { systemClock } from "../../src/telemetry/clock.ts";
import { silentLogger } from "../../src/telemetry/logger.ts";

/** A ComfyUI to hold to the contract. */
interface Target {
  readonly url: string;
  /** Keeps a run of `slowGraph` from getting past its first node until it is cancelled. A real one is slow enough by itself. */
  hold(): () => void;
  stop(): Promise<void>;
}

async function startDemo(dialect: "0.3.64" | "next"): Promise<Target> {
  const demo = await startDemoComfyui({ dialect });
  return { url: demo.url, hold: () => demo.faults.holdNode("ImageSharpen"), stop: () => demo.stop() };
}

const realUrl = process.env["COMFYUI_URL"];
const targets: { readonly name: string; readonly start: () => Promise<Target> }[] = [
  { name: "the demo ComfyUI", start: () => startDemo("0.3.64") },
  { name: "the demo ComfyUI of the newer dialect", start: () => startDemo("next") },
];
if (realUrl !== undefined) {
  targets.push({ name: "a real ComfyUI", start: () => Promise.resolve({ url: realUrl, hold: () => () => undefined, stop: () => Promise.resolve() }) });
}

/** Models may be loading in a real one. */
const patience = { timeout: 30_000, interval: 20 };

/** A run of a graph, with everything that was told of it. */
interface Run {
  readonly promptId: string;
  readonly submission: Submission;
  readonly events: readonly BackendEvent[];
}

async function connected(backend: Backend): Promise<void> {
  backend.start();
  await vi.waitFor(async () => {
    expect(backend.health().reachable).toBe(true);
    const events: BackendEvent[] = [];
    const leave = backend.onEvent(randomUUID(), (event) => events.push(event));
    await Promise.resolve();
    leave();
    expect(events).toEqual([]);
  }, patience);
}

async function submitted(backend: Backend, graph: Graph): Promise<Run> {
  const promptId = randomUUID();
  const events: BackendEvent[] = [];
  backend.onEvent(promptId, (event) => events.push(event));
  return { promptId, events, submission: await backend.submit({ graph, promptId }) };
}

async function ended(run: Run): Promise<void> {
  await vi.waitFor(() => expect(run.events.at(-1)?.type).toBe("ended"), patience);
}

function entryOf(whereabouts: Whereabouts): HistoryEntry {
  if (whereabouts.state !== "finished") throw new Error(`the run is ${whereabouts.state}`);
  return whereabouts.entry;
}

/** Runs a graph to its end; by contract its history entry is there then. */
async function ran(backend: Backend, graph: Graph): Promise<Run & { readonly entry: HistoryEntry }> {
  const run = await submitted(backend, graph);
  expect(run.submission).toMatchObject({ outcome: "accepted" });
  await ended(run);
  return { ...run, entry: entryOf(await backend.locate(run.promptId)) };
}

/** Differs from every earlier run, so that nothing comes from the cache. */
function freshImage(width: number, height: number, batch = 1): object {
  return { class_type: "EmptyImage", inputs: { width, height, batch_size: batch, color: randomInt(0xffffff) } };
}

function save(images: string): object {
  return { class_type: "SaveImage", inputs: { images: [images, 0], filename_prefix: `contract/${randomUUID()}/img` } };
}

function imageGraph(): Graph {
  return parseGraph({
    "1": freshImage(256, 192, 2),
    "2": { class_type: "ImageInvert", inputs: { image: ["1", 0] } },
    "3": { class_type: "ImageScale", inputs: { image: ["2", 0], upscale_method: "bilinear", width: 128, height: 96, crop: "disabled" } },
    "4": save("3"),
    "5": { class_type: "PreviewAny", inputs: { source: `hello ${randomUUID()}` } },
  });
}

/** Many nodes of a fraction of a second each: an interrupt takes effect between two. */
function slowGraph(): Graph {
  const blurs = Array.from({ length: 30 }, (_, index) => [
    String(index + 3),
    { class_type: "ImageBlur", inputs: { image: [String(index + 2), 0], blur_radius: 9, sigma: 3 } },
  ]);
  return parseGraph({
    "1": freshImage(512, 512, 4),
    "2": { class_type: "ImageSharpen", inputs: { image: ["1", 0], sharpen_radius: 3, sigma: 1, alpha: 1 } },
    ...Object.fromEntries(blurs),
    "99": save("32"),
  });
}

function indexOf(events: readonly BackendEvent[], wanted: Partial<Extract<BackendEvent, { nodeId: string }>>): number {
  return events.findIndex((event) => Object.entries(wanted).every(([key, value]) => Object.entries(event).some(([k, v]) => k === key && v === value)));
}

function outputOf(events: readonly BackendEvent[], nodeId: string): ReturnType<typeof filesAndTexts> {
  const event = events.find((candidate) => candidate.type === "node-output" && candidate.nodeId === nodeId);
  if (event?.type !== "node-output") throw new Error(`node ${nodeId} announced no output`);
  return filesAndTexts(event.ui);
}

function recordedOutput(entry: HistoryEntry, nodeId: string): ReturnType<typeof filesAndTexts> {
  return filesAndTexts(entry.outputs[nodeId] ?? null);
}

describe.each(targets)("the backend contract, with $name", ({ start }) => {
  let target: Target;
  let backend: Backend;

  beforeAll(async () => {
    target = await start();
    backend = createBackend({ url: target.url, clock: systemClock, logger: silentLogger });
    await connected(backend);
  }, patience.timeout);

  afterAll(async () => {
    await backend.stop();
    await target.stop();
  });

  it("knows that it is reachable, its version, its devices and its queue", async () => {
    expect(backend.health()).toMatchObject({ reachable: true, reason: null, version: expect.stringMatching(/^\d+\.\d+/), queueRemaining: expect.any(Number) });
    expect(backend.health().devices.length).toBeGreaterThan(0);
  });

  it("tells a run in order, from started to ended", async () => {
    const { events } = await ran(backend, imageGraph());
    expect(events.slice(0, 2)).toEqual([{ type: "started" }, { type: "cached", nodeIds: [] }]);
    expect(events.filter((event) => event.type === "ended")).toHaveLength(1);
    for (const nodeId of ["1", "2", "3", "4", "5"]) {
      expect(events.filter((event) => event.type === "node-finished" && event.nodeId === nodeId)).toHaveLength(1);
      expect(indexOf(events, { type: "node-started", nodeId })).toBeLessThan(indexOf(events, { type: "node-finished", nodeId }));
    }
    const starts = ["1", "2", "3", "4"].map((nodeId) => indexOf(events, { type: "node-started", nodeId }));
    expect(starts).toEqual(starts.toSorted((a, b) => a - b));
    expect(starts[0]).toBeGreaterThan(0);
  });

  it("has the outputs in the history, as announced, and their bytes", async () => {
    const { events, entry } = await ran(backend, imageGraph());
    expect(entry.failure).toBeNull();
    const told = new ToldRun();
    for (const event of events) told.apply(event);
    expect(told.entry).toEqual({ ...entry, outputs: {} });
    const { files } = recordedOutput(entry, "4");
    expect(files).toHaveLength(2);
    expect(files).toEqual(outputOf(events, "4").files);
    expect(recordedOutput(entry, "5").texts).toEqual([expect.stringMatching(/^hello /)]);
    for (const file of files) {
      const { width, height } = PNG.sync.read(await buffer(await backend.download(file)));
      expect({ width, height }).toEqual({ width: 128, height: 96 });
    }
  });

  it("lists the same files again for a graph that comes from the cache", async () => {
    const graph = imageGraph();
    const first = await ran(backend, graph);
    const second = await ran(backend, graph);
    expect(second.entry.cachedNodeIds.toSorted()).toEqual(["1", "2", "3", "4", "5"]);
    expect(recordedOutput(second.entry, "4")).toEqual(recordedOutput(first.entry, "4"));
    expect(outputOf(second.events, "4")).toEqual(outputOf(first.events, "4"));
    expect(second.events.some((event) => event.type === "node-started")).toBe(false);
  });

  it("runs on an uploaded file, which may be uploaded again", async () => {
    const image = new PNG({ width: 16, height: 12 });
    for (let pixel = 0; pixel < 16 * 12; pixel += 1) image.data.set([255, 0, randomInt(256), 255], pixel * 4);
    const bytes = PNG.sync.write(image);
    const name = `comfyui-api/${createHash("sha256").update(bytes).digest("hex")}.png`;
    await backend.upload({ name, content: new Blob([bytes]) });
    await backend.upload({ name, content: new Blob([bytes]) });
    const graph = parseGraph({
      "1": { class_type: "LoadImage", inputs: { image: name } },
      "2": { class_type: "ImageInvert", inputs: { image: ["1", 0] } },
      "3": save("2"),
      "4": { class_type: "GetImageSize", inputs: { image: ["1", 0] } },
      "5": { class_type: "PreviewAny", inputs: { source: ["4", 0] } },
    });
    const { entry } = await ran(backend, graph);
    expect(recordedOutput(entry, "5").texts).toEqual(["16"]);
    const [file] = recordedOutput(entry, "3").files;
    if (file === undefined) throw new Error("no file");
    const inverted = PNG.sync.read(await buffer(await backend.download(file)));
    expect([inverted.width, inverted.height, inverted.data[0], inverted.data[1]]).toEqual([16, 12, 0, 255]);
  });

  it("brings the images that a node sends over the socket, with its progress", async () => {
    const graph = parseGraph({ "1": freshImage(40, 24, 3), "2": { class_type: "SaveImageWebsocket", inputs: { images: ["1", 0] } } });
    const { events } = await ran(backend, graph);
    const previews = events.flatMap((event) => (event.type === "preview" ? [event] : []));
    expect(previews.map(({ nodeId, contentType }) => [nodeId, contentType])).toEqual(Array.from({ length: 3 }, () => ["2", "image/png"]));
    for (const { image } of previews) expect(PNG.sync.read(Buffer.from(image))).toMatchObject({ width: 40, height: 24 });
    const steps = events.flatMap((event) => (event.type === "node-progress" ? [`${event.nodeId}: ${event.value} of ${event.max}`] : []));
    expect(steps.at(-1)).toMatch(/^2: \d of 3$/);
  });

  it("keeps integers beyond 2^53 exact all the way through", async () => {
    const graph = parseGraph({
      "1": { class_type: "PrimitiveInt", inputs: { value: 9223372036854775807n } },
      "2": { class_type: "PreviewAny", inputs: { source: ["1", 0] } },
    });
    expect(recordedOutput((await ran(backend, graph)).entry, "2").texts).toEqual(["9223372036854775807"]);
  });

  it("rejects a value out of range by node and input", async () => {
    const { submission, promptId } = await submitted(backend, parseGraph({ "1": freshImage(0, 16), "2": save("1") }));
    expect(submission).toMatchObject({
      outcome: "rejected",
      detail: "Node 1 (EmptyImage): “width” is 0; the least allowed is 1.",
      errors: [{ pointer: "/graph/1/inputs/width", node_id: "1", class_type: "EmptyImage" }],
    });
    expect(await backend.locate(promptId)).toEqual({ state: "absent" });
  });

  it("rejects a class that is not installed, and names it", async () => {
    const graph = parseGraph({ "1": { class_type: "Nope", inputs: {} }, "2": save("1") });
    expect((await submitted(backend, graph)).submission).toMatchObject({
      outcome: "rejected",
      detail: expect.stringContaining("“Nope”"),
      errors: [{ pointer: "/graph/1", node_id: "1", class_type: "Nope" }],
    });
  });

  it("rejects a model file that is missing, and says where it is missing", async () => {
    const graph = parseGraph({
      "1": { class_type: "CheckpointLoaderSimple", inputs: { ckpt_name: "no-such-model.safetensors" } },
      "2": { class_type: "EmptyLatentImage", inputs: { width: 64, height: 64, batch_size: 1 } },
      "3": { class_type: "VAEDecode", inputs: { samples: ["2", 0], vae: ["1", 2] } },
      "4": save("3"),
    });
    expect((await submitted(backend, graph)).submission).toMatchObject({
      outcome: "rejected",
      errors: [{ pointer: "/graph/1/inputs/ckpt_name", message: expect.stringContaining("missing in ComfyUI") }],
    });
  });

  it("rejects a graph without outputs, and one whose links run in a circle", async () => {
    const noOutputs = await submitted(backend, parseGraph({ "1": freshImage(16, 16) }));
    expect(noOutputs.submission).toMatchObject({ outcome: "rejected", detail: expect.stringContaining("no output node") });
    const circle = parseGraph({
      "1": { class_type: "ImageInvert", inputs: { image: ["2", 0] } },
      "2": { class_type: "ImageInvert", inputs: { image: ["1", 0] } },
      "3": save("2"),
    });
    const { submission } = await submitted(backend, circle);
    expect(submission).toMatchObject({ outcome: "rejected", detail: expect.stringMatching(/circle/) });
  });

  it("runs the valid part of a graph and names what it left out", async () => {
    const graph = parseGraph({ "1": freshImage(16, 16), "2": save("1"), "5": freshImage(0, 16), "6": save("5") });
    const run = await ran(backend, graph);
    expect(run.submission).toMatchObject({
      outcome: "accepted",
      refused: [{ pointer: "/graph/5/inputs/width", message: expect.stringContaining("left out what needs it: node 6") }],
    });
    expect(Object.keys(run.entry.outputs)).toEqual(["2"]);
  });

  it("tells a failed node without a path of the host, and keeps what was made before", async () => {
    const text = `made before ${randomUUID()}`;
    const graph = parseGraph({
      "1": freshImage(64, 64),
      "2": { class_type: "SaveImage", inputs: { images: ["1", 0], filename_prefix: "../../outside" } },
      "3": { class_type: "PreviewAny", inputs: { source: text } },
    });
    const { events, entry } = await ran(backend, graph);
    expect(entry.failure).toMatchObject({ kind: "error", nodeId: "2", classType: "SaveImage", exceptionType: "Exception" });
    expect(entry.failure?.message).toBe("Saving image outside the output folder is not allowed.");
    expect(recordedOutput(entry, "3").texts).toEqual([text]);
    expect(events.at(-2)).toMatchObject({ type: "node-error", nodeId: "2", classType: "SaveImage", message: entry.failure?.message });
  });

  it("cancels a waiting prompt and leaves the running one alone; then interrupts that", async () => {
    const release = target.hold();
    const running = await submitted(backend, slowGraph());
    await vi.waitFor(async () => expect(await backend.locate(running.promptId)).toEqual({ state: "running" }), patience);
    const waiting = await submitted(backend, imageGraph());
    expect(await backend.locate(waiting.promptId)).toEqual({ state: "waiting" });

    await backend.cancel(waiting.promptId);
    expect(await backend.locate(waiting.promptId)).toEqual({ state: "absent" });
    expect(await backend.locate(running.promptId)).toEqual({ state: "running" });

    await backend.cancel(running.promptId);
    await ended(running);
    expect(entryOf(await backend.locate(running.promptId)).failure).toMatchObject({ kind: "interrupted", exceptionType: null });
    expect(waiting.events).toEqual([]);
    release();
  }, patience.timeout);

  it("takes the cancelling of an unknown prompt calmly", async () => {
    await expect(backend.cancel(randomUUID())).resolves.toBeUndefined();
  });

  it("says which output is not to be had", async () => {
    const files = [
      { filename: "never-was.png", subfolder: "", type: "output" },
      { filename: "my..file.png", subfolder: "", type: "output" },
      { filename: "a.png", subfolder: "../../..", type: "output" },
    ] as const;
    for (const file of files) {
      await expect(backend.download(file)).rejects.toMatchObject({ code: "output_unavailable", detail: expect.stringContaining(file.filename) });
    }
  });
});

describe("the backend contract, with a ComfyUI that fails", () => {
  let demo: DemoComfyui;
  let backend: Backend;

  const begin = async (): Promise<void> => {
    demo = await startDemoComfyui();
    backend = createBackend({ url: demo.url, clock: systemClock, logger: silentLogger });
    await connected(backend);
  };

  afterEach(async () => {
    await backend.stop();
    await demo.stop();
  });

  it("does not know what became of a graph whose answer was lost, and finds it", async () => {
    await begin();
    demo.faults.resetAfterAccepting(1);
    const run = await submitted(backend, imageGraph());
    expect(run.submission).toMatchObject({ outcome: "unknown" });
    await ended(run);
    expect(entryOf(await backend.locate(run.promptId)).failure).toBeNull();
    expect([...demo.runs().values()]).toEqual([1]);
  });

  it("tells a gap when the socket drops, still finds the end, and hears of the next run", async () => {
    await begin();
    const release = demo.faults.holdNode("ImageScale");
    const run = await submitted(backend, imageGraph());
    await vi.waitFor(() => expect(run.events.some((event) => event.type === "node-started" && event.nodeId === "3")).toBe(true), patience);
    demo.faults.dropSockets();
    await vi.waitFor(() => expect(run.events.at(-1)).toEqual({ type: "gap" }), patience);
    release();
    await vi.waitFor(async () => expect(entryOf(await backend.locate(run.promptId)).failure).toBeNull(), patience);
    await connected(backend);
    await ran(backend, imageGraph());
  });

  it("tells that a restarted ComfyUI has lost everything, and is itself back soon", async () => {
    await begin();
    const release = demo.faults.holdNode("ImageScale");
    const run = await submitted(backend, imageGraph());
    await vi.waitFor(async () => expect(await backend.locate(run.promptId)).toEqual({ state: "running" }), patience);
    const changes: boolean[] = [];
    backend.onHealth((health) => changes.push(health.reachable));
    await demo.faults.goDown();
    await vi.waitFor(() => expect(backend.health()).toMatchObject({ reachable: false, reason: "connection refused" }), patience);
    const other = await submitted(backend, imageGraph());
    expect(other.submission).toMatchObject({ outcome: "not-sent" });
    await expect(backend.locate(run.promptId)).rejects.toMatchObject({ code: "comfyui_unreachable" });
    await demo.faults.comeBack();
    release();
    await connected(backend);
    expect(changes).toEqual([false, true]);
    expect(await backend.locate(run.promptId)).toEqual({ state: "absent" });
    await ran(backend, imageGraph());
  }, patience.timeout);
});
