import { expect, it, onTestFinished, vi } from "vitest";
import { z } from "zod";
import { type DemoComfyui, startDemoComfyui } from "./demo-comfyui.ts";
import { FileTree } from "./file-tree.ts";
import { FixedRun, type FixedRuns } from "./fixed-run.ts";
import { ProcessGone } from "./node-failure.ts";

/** On a machine that runs everything else at the same time. */
const soon = { timeout: 10_000 };

const prompt = { "1": { class_type: "PreviewAny", inputs: { source: "x" } } };
const queue = z.object({ queue_running: z.array(z.unknown()), queue_pending: z.array(z.unknown()) });
const history = z.record(z.string(), z.object({ outputs: z.record(z.string(), z.object({ images: z.array(z.record(z.string(), z.string())) })) }));

async function start(fixedRuns: FixedRuns): Promise<DemoComfyui> {
  const demo = await startDemoComfyui({ fixedRuns });
  onTestFinished(() => demo.stop());
  return demo;
}

async function submit(demo: DemoComfyui, id: string): Promise<void> {
  const response = await fetch(`${demo.url}/prompt`, { method: "POST", body: JSON.stringify({ prompt, prompt_id: id }) });
  expect(response.status).toBe(200);
}

it("runs as many prompts side by side as it has workers, and lets the rest wait", async () => {
  const demo = await start({ workers: 2, jobMs: 3_600_000, file: { bytes: new Uint8Array(9), extension: "png" } });
  for (const id of ["a", "b", "c"]) await submit(demo, id);
  await vi.waitFor(async () => {
    const seen = queue.parse(await (await fetch(`${demo.url}/queue`)).json());
    expect([seen.queue_running.length, seen.queue_pending.length]).toEqual([2, 1]);
  }, soon);
});

it("does not outlive the server that it runs in", async () => {
  const said: string[] = [];
  const sink = { send: (type: string) => void said.push(type), sendBytes: () => undefined, takesPreviewMetadata: () => false };
  const fixed = { workers: 1, jobMs: 3_600_000, file: { bytes: new Uint8Array(9), extension: "png" } };
  const item = { number: 0, promptId: "a", prompt: {}, extraData: { client_id: "me" }, outputs: ["1"] };
  const run = new FixedRun({ fixed, files: new FileTree(), sink, number: 1 }, item);
  const ended = run.run();
  run.end();
  await expect(ended).rejects.toThrow(ProcessGone);
  expect(said).toEqual(["execution_start", "execution_cached"]);
});

it("serves a range that reaches over the end that makes a file another one", async () => {
  const demo = await start({ workers: 1, jobMs: 0, file: { bytes: new Uint8Array(1_000).fill(7), extension: "png" } });
  await submit(demo, "a");
  await vi.waitFor(() => expect(demo.fileNames("output")).toEqual(["fixed/1_1.png"]), soon);
  const url = `${demo.url}/view?filename=1_1.png&subfolder=fixed`;
  const whole = Buffer.from(await (await fetch(url)).arrayBuffer());
  const range = await fetch(url, { headers: { Range: "bytes=998-1003" } });
  expect([range.status, range.headers.get("content-range")]).toEqual([206, "bytes 998-1003/1008"]);
  expect(Buffer.from(await range.arrayBuffer())).toEqual(whole.subarray(998, 1_004));
  expect([...whole.subarray(998, 1_001)]).toEqual([7, 7, 1]);
});

it("saves the given file for each output, and no two alike", async () => {
  const demo = await start({ workers: 1, jobMs: 0, file: { bytes: new Uint8Array(1_000), extension: "png" } });
  const files: Buffer[] = [];
  for (const id of ["a", "b"]) {
    await submit(demo, id);
    const image = await vi.waitFor(async () => {
      const found = history.parse(await (await fetch(`${demo.url}/history/${id}`)).json())[id]?.outputs["1"]?.images[0];
      if (found === undefined) throw new Error("it has not ended");
      return found;
    }, soon);
    files.push(Buffer.from(await (await fetch(`${demo.url}/view?${new URLSearchParams(image).toString()}`)).arrayBuffer()));
  }
  expect(files.map(({ length }) => length)).toEqual([1_008, 1_008]);
  expect(files[0]?.equals(files[1] ?? Buffer.alloc(0))).toBe(false);
  expect(demo.crashes()).toEqual([]);
});
