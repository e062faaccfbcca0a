import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type DemoComfyui, startDemoComfyui } from "../../src/demo/demo-comfyui.ts";
import { runGenerate } from "./run-generate.ts";

const image = { class_type: "EmptyImage", inputs: { width: 64, height: 64, batch_size: 1, color: 0 } };

let folder = "";
let comfyui: DemoComfyui;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "codegen-verify-"));
  comfyui = await startDemoComfyui();
});

afterEach(async () => {
  await comfyui.stop();
  await rm(folder, { recursive: true, force: true });
});

async function verify(graph: object) {
  const file = join(folder, "x.json");
  await writeFile(file, JSON.stringify(graph));
  const ran = await runGenerate([file, join(folder, "workflows/test/x.ts"), "--offline", `--verify=${comfyui.url}`]);
  // Whatever it found, nothing may have run.
  expect([comfyui.accepted(), [...comfyui.runs()]]).toEqual([[], []]);
  return ran;
}

describe("--verify", () => {
  it.each([
    ["saves", { class_type: "SaveImage", inputs: { images: ["1", 0], filename_prefix: "x" } }],
    ["only previews", { class_type: "PreviewImage", inputs: { images: ["1", 0] } }],
  ])("lets ComfyUI look through a graph that %s, and runs nothing", async (_what, output) => {
    const { code, printed } = await verify({ "1": image, "2": output });
    expect(printed).toContain("10 of 10 checks passed");
    expect(code).toBe(0);
  });

  it.each([
    ["saves", { class_type: "SaveImage", inputs: { images: ["1", 0], filename_prefix: "x" } }],
    ["only previews", { class_type: "PreviewImage", inputs: { images: ["1", 0] } }],
  ])("finds what is wrong upstream of a node that %s, with the line", async (_what, output) => {
    const { code, printed } = await verify({ "1": { ...image, inputs: { ...image.inputs, color: -5 } }, "2": output });
    expect(code).toBe(1);
    expect(printed).toMatch(/x\.ts:\d+: node 1: .*\(color\).* \[comfyui\]|x\.ts:\d+: node 1: .*smaller.* \[comfyui\]/);
    expect(printed).toContain("Nothing was written.");
  });

  it("does not hold the absence of a file against a graph when callers send it", async () => {
    const { code } = await verify({ "1": { class_type: "LoadImage", inputs: { image: "not-here.png" } }, "2": { class_type: "SaveImage", inputs: { images: ["1", 0], filename_prefix: "x" } } });
    expect(code).toBe(0);
  });

  it("says so when nothing answers there", async () => {
    const { url } = comfyui;
    await comfyui.stop();
    const file = join(folder, "x.json");
    await writeFile(file, JSON.stringify({ "1": image, "2": { class_type: "PreviewImage", inputs: { images: ["1", 0] } } }));
    const { code, complained } = await runGenerate([file, join(folder, "workflows/test/x.ts"), `--verify=${url}`]);
    expect([code, complained.includes("does not answer")]).toEqual([1, true]);
    comfyui = await startDemoComfyui();
  });
});
