import { randomUUID } from "node:crypto";
import { join } from "node:path";
import type { KeyLimits } from "./access/api-key.ts";
import { KeyRing } from "./access/key-ring.ts";
import { loadKeys } from "./access/load-keys.ts";
import type { Backend } from "./comfyui/backend.ts";
import { createBackend } from "./comfyui/comfy-backend.ts";
import type { Config } from "./config/config.ts";
import { AppError } from "./errors/app-error.ts";
import { JobHub } from "./events/job-hub.ts";
import { WebhookSender } from "./events/webhook-sender.ts";
import { openDiskFileStore } from "./files/disk-file-store.ts";
import type { FileStore } from "./files/file-store.ts";
import { postUrl } from "./files/post-url.ts";
import { gatewayAccess } from "./gateway-access.ts";
import { GatewayHealth } from "./gateway-health.ts";
import { startWorkflows } from "./gateway-workflows.ts";
import { GpuReadings } from "./gpu-readings.ts";
import { createHttpApp, type HttpApp } from "./http/app.ts";
import type { AccessParts } from "./http/deps.ts";
import { listen } from "./http/listen.ts";
import { viewJob } from "./http/views/job-view.ts";
import { viewOutput } from "./http/views/output-view.ts";
import type { JobStore } from "./job/job-store.ts";
import { ModelCache } from "./model-cache.ts";
import { Runner } from "./runner/runner.ts";
import { openSqliteStore } from "./store/sqlite/sqlite-store.ts";
import type { Checkpoint } from "./telemetry/checkpoint.ts";
import type { Clock } from "./telemetry/clock.ts";
import { type JobWatch, watchBy } from "./telemetry/job-watch.ts";
import type { RootLogger } from "./telemetry/logger.ts";
import { GatewayMetrics } from "./telemetry/metrics/gateway-metrics.ts";
import { JobTracer } from "./telemetry/traces/job-tracer.ts";
import type { Span } from "./telemetry/traces/otlp.ts";
import { RequestTracer } from "./telemetry/traces/request-tracer.ts";
import { SpanExporter } from "./telemetry/traces/span-exporter.ts";
import { Upkeep } from "./upkeep/upkeep.ts";
import type { DocsAssets } from "./web/docs-page.ts";
import { loadWebhookSecret } from "./webhook-secret.ts";
import type { DiscoveredWorkflows, DiscoverOptions } from "./workflow/discover.ts";
import { drawSeed } from "./workflow/draw-seed.ts";
import type { WorkflowRegistry } from "./workflow/registry.ts";

/** Of one sampler step in demo mode: slow enough to watch, and 20 steps still end within a second. */
const demoStepMs = 40;
/** A receiver that is being told of a job when the gateway stops has this long to answer; it is told again otherwise. */
const webhookPatienceMs = 3_000;

export interface AppParams {
  readonly config: Config;
  readonly logger: RootLogger;
  readonly clock: Clock;
  readonly version: string;
  readonly builtinWorkflows: DiscoverOptions["builtins"];
  readonly docsAssets: DocsAssets;
  /** Told at each place where a death of the process is tested. */
  readonly checkpoint: Checkpoint;
}

export interface StopApp {
  /** How long running jobs may go on; what is left then is taken up by the next process. */
  readonly drainMs: number;
  /** Told once, when there is something to wait for. */
  readonly onWaiting?: (unfinished: { readonly running: number; readonly waiting: number }) => void;
}

export interface RunningApp {
  /** Where it can be reached, without trailing slash. */
  readonly url: string;
  readonly demo: boolean;
  readonly workflows: DiscoveredWorkflows;
  stop(params: StopApp): Promise<void>;
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

/** What lasts, and is handed to the parts that work with it. */
interface Core {
  readonly jobs: JobStore;
  readonly files: FileStore;
  readonly hub: JobHub;
  readonly backend: Backend;
  readonly workflows: WorkflowRegistry;
  readonly found: DiscoveredWorkflows;
  readonly access: AccessParts;
}

function keyDefaults({ keyRequestsPerMinute, keyMaxRunning, keyMaxQueued }: Config): KeyLimits {
  return { requestsPerMinute: keyRequestsPerMinute, maxRunning: keyMaxRunning, maxQueued: keyMaxQueued };
}

async function openCore(params: AppParams, started: Stack): Promise<Core> {
  const { config, logger, clock } = params;
  const keys = new KeyRing(await loadKeys({ variable: config.apiKeys, file: config.apiKeysFile, defaults: keyDefaults(config) }));
  // First: it locks the data directory.
  const jobs = await openSqliteStore({ path: join(config.dataDir, "jobs.db"), clock });
  started.push(() => jobs.close());
  const files = await openDiskFileStore({ dir: join(config.dataDir, "files"), clock });
  // Loaded only where it is used, as is everything that most starts do without.
  const demo = config.demo ? await (await import("./demo/demo-comfyui.ts")).startDemoComfyui({ stepMs: demoStepMs }) : null;
  if (demo !== null) started.push(() => demo.stop());
  const backend = createBackend({ url: demo?.url ?? config.comfyuiUrl, clock, logger: logger.module("comfyui") });
  backend.start();
  started.push(() => backend.stop());
  const workflows = await startWorkflows({ config, builtins: params.builtinWorkflows, backend, clock, logger: logger.module("workflows") });
  started.push(() => workflows.stop());
  const { registry, found } = workflows.live;
  return { jobs, files, hub: new JobHub(), backend, workflows: registry, found, access: await gatewayAccess(config, keys, clock) };
}

/** What works by itself beside requests and runs: retention and webhooks. */
async function startHelpers({ config, logger, clock, checkpoint }: AppParams, core: Core, started: Stack): Promise<void> {
  const { jobs, files, hub } = core;
  const { retentionMs, maxStorageBytes, comfyuiOutputDir } = config;
  const upkeep = new Upkeep({ jobs, files, clock, logger: logger.module("upkeep"), rules: { retentionMs, maxStorageBytes, comfyuiOutputDir } });
  upkeep.start();
  started.push(() => upkeep.stop());

  const webhooks = new WebhookSender({
    jobs,
    hub,
    clock,
    checkpoint,
    secret: await loadWebhookSecret({ dataDir: config.dataDir, configured: config.webhookSecret }),
    render: (job) => viewJob(job, { outputs: job.outputs.map((output) => viewOutput(job.id, output, core.access.links)) }),
    post: ({ url, ...request }) => postUrl(new URL(url), { ...request, allowPrivateAddresses: config.fetchPrivateAddresses, clock }),
    jitter: () => Math.random(),
    onError: (error) => logger.module("webhooks").error({ err: AppError.from(error) }, "webhooks could not be looked after; trying again"),
  });
  webhooks.start();
  started.push(() => webhooks.stop({ patienceMs: webhookPatienceMs }));
}

/** What is told of the gateway while it runs. */
interface Telling {
  readonly health: GatewayHealth;
  readonly metrics: GatewayMetrics;
  readonly watch: JobWatch;
  readonly requestTracer: RequestTracer | undefined;
}

interface Tracers {
  readonly jobs: JobTracer;
  readonly requests: RequestTracer;
}

/** null when nobody is to be sent traces. */
function buildTracers({ config, clock, logger, version }: AppParams, started: Stack): Tracers | null {
  if (config.otlpEndpoint === null) return null;
  const exporter = new SpanExporter({ endpoint: config.otlpEndpoint, version, clock, logger: logger.module("traces") });
  started.push(() => exporter.stop());
  const params = { export: (span: Span) => exporter.add(span), now: () => clock.now() };
  return { jobs: new JobTracer(params), requests: new RequestTracer(params) };
}

function buildTelling({ clock, logger }: AppParams, core: Core, tracers: Tracers | null): Telling {
  const gpus = new GpuReadings({ devices: () => core.backend.health().devices, clock });
  const health = new GatewayHealth({ ...core, clock, logger, gpus });
  const metrics = new GatewayMetrics({ gpuType: () => gpus.type(), readings: () => health.readings() });
  return { health, metrics, watch: watchBy(metrics.jobs, ...(tracers === null ? [] : [tracers.jobs])), requestTracer: tracers?.requests };
}

function buildHttp({ config, logger, clock, version, docsAssets, checkpoint }: AppParams, core: Core, { health, metrics, watch, requestTracer }: Telling, stopping: AbortSignal): HttpApp {
  const { waitSeconds, maxJsonBytes, maxImageBytes, maxImagePixels, maxFileBytes, maxInlineBytes, fetchTimeoutSeconds, fetchPrivateAddresses } = config;
  const { maxQueued, startTimeoutSeconds, runTimeoutSeconds } = config;
  const models = new ModelCache({ ask: () => core.backend.models(), clock });
  return createHttpApp({
    ...core,
    version,
    limits: {
      waitSeconds,
      maxJsonBytes,
      maxImageBytes,
      maxImagePixels,
      maxFileBytes,
      maxInlineBytes,
      fetchTimeoutSeconds,
      allowPrivateAddresses: fetchPrivateAddresses,
      maxQueued,
      startTimeoutSeconds,
      runTimeoutSeconds,
    },
    clock,
    logger: logger.module("http"),
    docsAssets,
    checkpoint,
    newId: () => randomUUID(),
    drawSeed,
    metrics,
    watch,
    requestTracer,
    models: () => models.read(),
    readiness: () => health.readiness(),
    status: () => health.status(),
    stopping,
  });
}

async function build(params: AppParams, started: Stack): Promise<RunningApp> {
  const { config, logger, clock, checkpoint } = params;
  const core = await openCore(params, started);
  await startHelpers(params, core, started);
  const stopping = new AbortController();
  const telling = buildTelling(params, core, buildTracers(params, started));
  const server = await listen(buildHttp(params, core, telling, stopping.signal), config);
  started.push(() => server.close());
  const runner = new Runner({
    ...core,
    clock,
    logger: logger.module("runner"),
    checkpoint,
    watch: telling.watch,
    owner: randomUUID(),
    newPromptId: () => randomUUID(),
    leaseMs: config.leaseSeconds * 1000,
    prefetch: config.prefetch,
    maxLeased: new Map(core.access.keys.keys().map(({ name, limits }) => [name, limits.maxRunning])),
  });
  await runner.start();
  return {
    url: server.url,
    demo: config.demo,
    workflows: core.found,
    async stop({ drainMs, onWaiting }) {
      stopping.abort();
      const { running, claimed } = await core.jobs.counts();
      if (running + claimed > 0) onWaiting?.({ running, waiting: claimed });
      await runner.stop({ drainMs });
      await started.unwind();
    },
  };
}

/**
 * Builds the gateway from its configuration and starts it. When a part cannot start, those before it are stopped and
 * the reason is thrown.
 */
export async function startApp(params: AppParams): Promise<RunningApp> {
  const started = new Stack();
  try {
    return await build(params, started);
  } catch (error) {
    await started.unwind();
    throw error;
  }
}
