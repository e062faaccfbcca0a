import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "vitest";
import { type RunningApp, startApp } from "../../src/app.ts";
import type { Config } from "../../src/config/config.ts";
import { loadConfig } from "../../src/config/load-config.ts";
import { noCheckpoint } from "../../src/telemetry/checkpoint.ts";
import { systemClock } from "../../src/telemetry/clock.ts";
import { type RootLogger, silentLogger } from "../../src/telemetry/logger.ts";
import { swaggerAssets } from "../http/swagger-assets.ts";

interface DemoAppOptions {
  readonly config?: Partial<Config>;
  readonly logger?: RootLogger;
}

/** The whole gateway in this process, with the stand-in for ComfyUI behind it. Ends with its test. */
export async function startDemoApp({ onTestFinished }: Pick<TestContext, "onTestFinished">, options: DemoAppOptions = {}): Promise<RunningApp> {
  const dataDir = await mkdtemp(join(tmpdir(), "comfyui-api-telemetry-"));
  const loaded = loadConfig({
    argv: ["--port=0", "--demo", `--data-dir=${dataDir}`],
    env: {},
    readFile: () => {
      throw new Error("there is no file");
    },
    workflowsBeside: null,
  });
  const app = await startApp({
    config: { ...loaded.config, ...options.config },
    logger: options.logger ?? silentLogger,
    clock: systemClock,
    version: "1.2.3",
    builtinWorkflows: [],
    docsAssets: swaggerAssets,
    checkpoint: noCheckpoint,
  });
  onTestFinished(async () => {
    await app.stop({ drainMs: 0 });
    await rm(dataDir, { recursive: true, force: true });
  });
  return app;
}

const textGraph = { graph: { "1": { class_type: "PreviewAny", inputs: { source: "hello" } } } };

export async function runGraph(app: RunningApp, graph: object = textGraph, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  return fetch(`${app.url}/v1/jobs`, { method: "POST", headers, body: JSON.stringify(graph) });
}
