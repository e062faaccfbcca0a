import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { createBackend } from "./comfyui/comfy-backend.ts";
import type { Config } from "./config/config.ts";
import { startDemoComfyui } from "./demo/demo-comfyui.ts";
import { JobHub } from "./events/job-hub.ts";
import { openDiskFileStore } from "./files/disk-file-store.ts";
import { GatewayHealth } from "./gateway-health.ts";
import { createHttpApp } from "./http/app.ts";
import { listen } from "./http/listen.ts";
import { Runner } from "./runner/runner.ts";
import { openSqliteStore } from "./store/sqlite/sqlite-store.ts";
import type { Checkpoint } from "./telemetry/checkpoint.ts";
import type { Clock } from "./telemetry/clock.ts";
import type { Logger } from "./telemetry/logger.ts";
import type { DocsAssets } from "./web/docs-page.ts";
import { type DiscoveredWorkflows, discoverWorkflows, type DiscoverOptions } from "./workflow/discover.ts";
import { drawSeed } from "./workflow/draw-seed.ts";
import { WorkflowRegistry } from "./workflow/registry.ts";

/** Of one sampler step in demo mode: slow enough to watch, and 20 steps still end within a second. */
const demoStepMs = 40;

export interface AppParams {
  readonly config: Config;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly version: string;
  readonly builtinWorkflows: DiscoverOptions["builtins"];
  readonly docsAssets: DocsAssets;
  /** Told at each place where a death of the process is tested. */
  readonly checkpoint: Checkpoint;
}

export interface RunningApp {
  /** Where it can be reached, without trailing slash. */
  readonly url: string;
  readonly demo: boolean;
  readonly workflows: DiscoveredWorkflows;
  stop(): Promise<void>;
}

/** Ends what was started, the last first, also when one of them fails. */
class Stack {
  readonly #ends: (() => Promise<void>)[] = [];

  push(end: () => Promise<void>): void {
    this.#ends.push(end);
  }

  async unwind(): Promise<void> {
    const failures: unknown[] = [];
    for (let end = this.#ends.pop(); end !== undefined; end = this.#ends.pop()) {
      try {
        await end();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, "not everything stopped in good order");
  }
}

function limitsOf(config: Config) {
  const { waitSeconds, maxJsonBytes, maxFileBytes, maxInlineBytes, fetchTimeoutSeconds } = config;
  return { waitSeconds, maxJsonBytes, maxFileBytes, maxInlineBytes, fetchTimeoutSeconds, allowPrivateAddresses: config.fetchPrivateAddresses };
}

async function build(params: AppParams, started: Stack): Promise<Omit<RunningApp, "stop">> {
  const { config, logger, clock, version, docsAssets, checkpoint } = params;
  const workflows = await discoverWorkflows({
    builtins: params.builtinWorkflows,
    ...(config.workflowsDir === null ? {} : { dir: config.workflowsDir }),
  });
  for (const { file, line, message } of workflows.broken) logger.error({ file, line }, message);
  for (const id of workflows.shadowed) logger.info({ workflow: id }, "a file in the workflows folder replaces the built-in workflow");

  const jobs = await openSqliteStore({ path: join(config.dataDir, "jobs.db"), clock });
  started.push(() => jobs.close());
  const files = await openDiskFileStore({ dir: join(config.dataDir, "files") });
  const hub = new JobHub();

  const demo = config.demo ? await startDemoComfyui({ stepMs: demoStepMs }) : null;
  if (demo !== null) started.push(() => demo.stop());
  const backend = createBackend({ url: demo?.url ?? config.comfyuiUrl, clock, logger });
  backend.start();
  started.push(() => backend.stop());

  const health = new GatewayHealth({ jobs, files, backend, clock, logger });
  const stopping = new AbortController();
  const app = createHttpApp({
    version,
    limits: limitsOf(config),
    workflows: new WorkflowRegistry(workflows),
    jobs,
    hub,
    files,
    clock,
    logger,
    docsAssets,
    newId: () => randomUUID(),
    drawSeed,
    readiness: () => health.readiness(),
    status: () => health.status(),
    stopping: stopping.signal,
  });
  const server = await listen(app, config);
  started.push(() => server.close());

  const runner = new Runner({
    jobs,
    hub,
    backend,
    files,
    clock,
    logger,
    checkpoint,
    owner: randomUUID(),
    newPromptId: () => randomUUID(),
    leaseMs: config.leaseSeconds * 1000,
    prefetch: config.prefetch,
  });
  await runner.start();
  started.push(() => {
    stopping.abort();
    return runner.stop({ drainMs: config.drainSeconds * 1000 });
  });
  return { url: server.url, demo: config.demo, workflows };
}

/**
 * Builds the gateway from its configuration and starts it. When a part cannot start, those before it are stopped and
 * the reason is thrown.
 */
export async function startApp(params: AppParams): Promise<RunningApp> {
  const started = new Stack();
  try {
    return { ...(await build(params, started)), stop: () => started.unwind() };
  } catch (error) {
    await started.unwind();
    throw error;
  }
}
