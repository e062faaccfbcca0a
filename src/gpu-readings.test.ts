import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { GpuReadings } from "./gpu-readings.ts";
import { HeldClock } from "./telemetry/held-clock.ts";

const card = { name: "cuda:0 NVIDIA GeForce RTX 4090 : cudaMallocAsync", type: "cuda", vramTotal: 24_000, vramFree: 4_000 };
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "gpu-"));
});
afterEach(() => rm(folder, { recursive: true }));

async function readings(script: string | null): Promise<GpuReadings> {
  const nvidiaSmi = join(folder, "nvidia-smi");
  if (script !== null) {
    await writeFile(nvidiaSmi, `#!/bin/sh\n${script}\n`);
    await chmod(nvidiaSmi, 0o755);
  }
  return new GpuReadings({ devices: () => [card], clock: new HeldClock(), nvidiaSmi });
}

it("reads each card from nvidia-smi, also one that does not tell its utilization", async () => {
  const gpus = await readings('echo "0, NVIDIA L4, 87, 1024, 23034"; echo "1, NVIDIA L4, [N/A], 0, 23034"; echo "garbage"');
  expect(await gpus.read()).toEqual([
    { id: "0", name: "NVIDIA L4", utilizationPercent: 87, vramUsedBytes: 1024 * 2 ** 20, vramTotalBytes: 23034 * 2 ** 20 },
    { id: "1", name: "NVIDIA L4", utilizationPercent: null, vramUsedBytes: 0, vramTotalBytes: 23034 * 2 ** 20 },
  ]);
});

it.each([
  ["missing", null],
  ["failing", "exit 9"],
  ["flooding", "yes '0, card, 1, 1, 1'"],
])("takes ComfyUI's figures when nvidia-smi is %s", async (_name, script) => {
  const gpus = await readings(script);
  expect(await gpus.read()).toEqual([{ id: "0", name: "NVIDIA GeForce RTX 4090", utilizationPercent: null, vramUsedBytes: 20_000, vramTotalBytes: 24_000 }]);
  expect(gpus.type()).toBe("NVIDIA GeForce RTX 4090");
});
