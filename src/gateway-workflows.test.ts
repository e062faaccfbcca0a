import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Backend } from "./comfyui/backend.ts";
import { createBackend } from "./comfyui/comfy-backend.ts";
import { type DemoComfyui, startDemoComfyui } from "./demo/demo-comfyui.ts";
import { type GatewayWorkflows, startWorkflows } from "./gateway-workflows.ts";
import { systemClock } from "./telemetry/clock.ts";
import { silentLogger } from "./telemetry/logger.ts";

const exported = JSON.stringify({
  "1": { class_type: "EmptyImage", inputs: { width: 64, height: 64, batch_size: 1, color: 0 } },
  "2": { class_type: "SaveImage", inputs: { images: ["1", 0], filename_prefix: "plain" } },
});

let folder: string;
let demo: DemoComfyui;
let backend: Backend;
let workflows: GatewayWorkflows;

async function start(): Promise<void> {
  workflows = await startWorkflows({
    config: { catalogFile: null, demo: false, dataDir: join(folder, "data"), workflowsDir: join(folder, "workflows") },
    builtins: [],
    backend,
    clock: systemClock,
    logger: silentLogger,
  });
}

const ids = (): string[] => workflows.live.registry.list().map(({ id }) => id);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "gateway-workflows-"));
  await mkdir(join(folder, "workflows", "my"), { recursive: true });
  await mkdir(join(folder, "data"));
  demo = await startDemoComfyui();
  backend = createBackend({ url: demo.url, clock: systemClock, logger: silentLogger });
  backend.start();
  await start();
});

afterEach(async () => {
  await workflows.stop();
  await backend.stop();
  await demo.stop();
  await rm(folder, { recursive: true });
});

it("a file that is put into the folder is served, and no longer once it is gone, without a restart", async () => {
  expect(ids()).toEqual([]);
  const file = join(folder, "workflows", "my", "plain.json");
  await writeFile(file, exported);
  await vi.waitFor(() => expect(ids()).toEqual(["my/plain"]), { timeout: 10_000 });
  await rm(file);
  await vi.waitFor(() => expect(ids()).toEqual([]), { timeout: 10_000 });
}, 30_000);

it("the catalog of the running ComfyUI is kept, and a start without ComfyUI serves the same schema", async () => {
  await writeFile(join(folder, "workflows", "my", "plain.json"), exported);
  await vi.waitFor(() => expect(existsSync(join(folder, "data", "catalog.json.gz"))).toBe(true), { timeout: 10_000 });
  await vi.waitFor(() => expect(ids()).toEqual(["my/plain"]), { timeout: 10_000 });
  const before = workflows.live.registry.find("my/plain")?.inputSchema;
  await workflows.stop();
  await demo.faults.goDown();
  await start();
  expect(workflows.live.registry.find("my/plain")?.inputSchema).toEqual(before);
}, 30_000);
