import { randomUUID } from "node:crypto";
import { PNG } from "pngjs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startDemoComfyui, type DemoComfyui } from "./demo-comfyui.ts";
import { openClient, post, runToEnd, stopDemo } from "./demo-client.test-kit.ts";

let demo: DemoComfyui;

beforeEach(async () => {
  demo = await startDemoComfyui();
});

afterEach(async () => {
  await stopDemo(demo);
});

const textToImage = (seed: bigint | number, size = 256) => ({
  "1": { class_type: "CheckpointLoaderSimple", inputs: { ckpt_name: "v1-5-pruned-emaonly.safetensors" } },
  "2": { class_type: "CLIPTextEncode", inputs: { text: "a fox in the snow", clip: ["1", 1] } },
  "3": { class_type: "CLIPTextEncode", inputs: { text: "", clip: ["1", 1] } },
  "4": { class_type: "EmptyLatentImage", inputs: { width: size, height: size, batch_size: 1 } },
  "5": {
    class_type: "KSampler",
    inputs: { model: ["1", 0], seed, steps: 4, cfg: 7, sampler_name: "euler", scheduler: "normal", positive: ["2", 0], negative: ["3", 0], latent_image: ["4", 0], denoise: 1 },
  },
  "6": { class_type: "VAEDecode", inputs: { samples: ["5", 0], vae: ["1", 2] } },
  "7": { class_type: "SaveImage", inputs: { images: ["6", 0], filename_prefix: "fox" } },
});

describe("a text-to-image graph", () => {
  it("gives a PNG of the requested size, and tells of each step", async () => {
    const client = await openClient(demo.url, "me");
    const { status, promptId, entry } = await runToEnd(demo.url, textToImage(7), { client_id: "me" });
    expect(status).toBe(200);
    expect(entry).toMatchObject({ status: { status_str: "success", completed: true } });
    const [name = ""] = demo.fileNames("output");
    expect(name).toBe("fox_00001_.png");
    const view = await fetch(`${demo.url}/view?filename=${name}`);
    const png = PNG.sync.read(Buffer.from(await view.arrayBuffer()));
    expect([png.width, png.height]).toEqual([256, 256]);
    await client.until((frames) => frames.some((frame) => frame.type === "executing" && frame.data["node"] === null));
    const steps = client.frames.filter((frame) => frame.type === "progress").map((frame) => [frame.data["value"], frame.data["max"]]);
    expect(steps).toEqual([[1, 4], [2, 4], [3, 4], [4, 4]]);
    expect(demo.runs().get(promptId)).toBe(1);
    await client.close();
  });

  it("draws the same bytes for the same seed and others for another one", async () => {
    const seed = 2n ** 64n - 1n;
    await runToEnd(demo.url, textToImage(seed));
    await runToEnd(demo.url, textToImage(1));
    await runToEnd(demo.url, textToImage(seed));
    const [first, other, again] = demo.fileNames("output").map((name) => Buffer.from(demo.file("output", name)?.bytes ?? []).toString("base64"));
    expect(again).toBe(first);
    expect(other).not.toBe(first);
  });

  it("keeps a seed of 2^64−1 exact through queue and history", async () => {
    const { text } = await runToEnd(demo.url, textToImage(2n ** 64n - 1n));
    expect(text).toContain('"seed":18446744073709551615');
  });
});

describe("without a graph that runs", () => {
  it("refuses an unknown class and queues nothing", async () => {
    const { status, body } = await post(demo.url, "/prompt", { prompt: { "1": { class_type: "Nope", inputs: {} } }, prompt_id: randomUUID() });
    expect(status).toBe(400);
    expect(body).toMatchObject({ error: { type: "invalid_prompt" }, node_errors: {} });
    expect(demo.accepted()).toEqual([]);
  });
});
