import { expect, it } from "vitest";
import { parsePythonJson } from "../json/exact.ts";
import { HeldClock } from "../telemetry/held-clock.ts";
import { silentLogger } from "../telemetry/logger.ts";
import { startDemoComfyui } from "../demo/demo-comfyui.ts";
import { createBackend } from "./comfy-backend.ts";
import { startScriptedServer } from "./scripted-server.ts";

it("is handed on as text, so that 2^64−1 stays exact", async () => {
  const demo = await startDemoComfyui();
  const backend = createBackend({ url: demo.url, clock: new HeldClock(), logger: silentLogger });
  try {
    const text = await backend.objectInfo();
    expect(text).toContain("18446744073709551615");
    expect(parsePythonJson(text)).toHaveProperty("KSampler.input.required.seed");
  } finally {
    await backend.stop();
    await demo.stop();
  }
});

it("fails with an error of the table when ComfyUI does not give it", async () => {
  const server = await startScriptedServer({ answer: (_request, response) => response.writeHead(500).end() });
  const backend = createBackend({ url: server.url, clock: new HeldClock(), logger: silentLogger });
  try {
    await expect(backend.objectInfo()).rejects.toMatchObject({ code: "comfyui_unexpected" });
  } finally {
    await backend.stop();
    await server.stop();
  }
});
