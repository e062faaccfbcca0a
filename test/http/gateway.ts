import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ApiKey } from "../../src/access/api-key.ts";
import { hashKey } from "../../src/access/key-text.ts";
import { LinkSigner } from "../../src/access/link-signer.ts";
import { KeyRing } from "../../src/access/key-ring.ts";
import { RequestBudget } from "../../src/access/request-budget.ts";
import { JobHub } from "../../src/events/job-hub.ts";
import { openDiskFileStore } from "../../src/files/disk-file-store.ts";
import { createHttpApp, type HttpApp } from "../../src/http/app.ts";
import type { AccessParts, HttpDeps, HttpLimits } from "../../src/http/deps.ts";
import type { JobStore } from "../../src/job/job-store.ts";
import { parseJson } from "../../src/json/exact.ts";
import { openSqliteStore } from "../../src/store/sqlite/sqlite-store.ts";
import { noCheckpoint } from "../../src/telemetry/checkpoint.ts";
import { systemClock } from "../../src/telemetry/clock.ts";
import { noWatch } from "../../src/telemetry/job-watch.ts";
import { silentLogger } from "../../src/telemetry/logger.ts";
import { drawSeed } from "../../src/workflow/draw-seed.ts";
import { WorkflowRegistry } from "../../src/workflow/registry.ts";
import { swaggerAssets } from "./swagger-assets.ts";
import { TestRunner } from "./test-runner.ts";
import { testWorkflows } from "./test-workflows.ts";

export const limits: HttpLimits = {
  waitSeconds: 30,
  maxJsonBytes: 100_000,
  maxImageBytes: 150_000,
  maxImagePixels: 1_000_000,
  maxFileBytes: 200_000,
  maxInlineBytes: 10_000,
  fetchTimeoutSeconds: 5,
  allowPrivateAddresses: true,
  maxQueued: 1_000,
  startTimeoutSeconds: 0,
  runTimeoutSeconds: 3_600,
};

/** Of a gateway that everybody may use under any name. */
export const openAccess: AccessParts = {
  keys: new KeyRing([]),
  budget: new RequestBudget(systemClock),
  links: null,
  closedPaths: [],
  allowedOrigins: [],
  isLoopbackOnly: false,
  rawGraphs: true,
  deniedNodes: [],
};

/** A key of the tests, 20 characters as any. */
export const testKey = "cak_for-the-tests-only";

/** One key, or what differs of it. */
export function keyed(parts: Partial<ApiKey> = {}): Pick<AccessParts, "keys" | "budget" | "links"> {
  const key: ApiKey = { name: "tester", hash: hashKey(testKey), scopes: new Set(["run", "read"]), limits: { requestsPerMinute: 1_000_000, maxRunning: 3, maxQueued: 100 }, ...parts };
  return {
    keys: new KeyRing([key]),
    budget: new RequestBudget(systemClock),
    links: new LinkSigner({ secret: "of the tests", lifeSeconds: 3_600, clock: systemClock }),
  };
}

const broken = { id: "test/broken", file: "test/broken.ts", line: 3, column: 7, message: "Unexpected token" };

export interface Gateway {
  readonly app: HttpApp;
  readonly deps: HttpDeps & { readonly jobs: JobStore };
  readonly dir: string;
  readonly runner: TestRunner;
  /** Sends a request, and answers what came back with its body both raw and, when it is JSON, exact. */
  readonly send: (method: string, path: string, options?: Sent) => Promise<Received>;
  /** As a process ends: the folder stays. */
  readonly shutDown: () => Promise<void>;
  readonly close: () => Promise<void>;
}

export interface Sent {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array<ArrayBuffer> | FormData;
}

export interface Received {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Buffer;
  /** The JSON of the body; null when it is not JSON. */
  readonly json: unknown;
}

interface Surroundings {
  /** Of a gateway that was shut down. */
  readonly dir?: string;
  /** Nobody claims jobs. */
  readonly isIdle?: boolean;
}

/** The HTTP room over a real SQLite store and a real disk, with a runner that needs no ComfyUI. */
export async function openGateway(parts: Partial<Omit<HttpDeps, "jobs">> = {}, surroundings: Surroundings = {}): Promise<Gateway> {
  const dir = surroundings.dir ?? (await mkdtemp(join(tmpdir(), "comfyui-api-http-")));
  const clock = parts.clock ?? systemClock;
  const hub = new JobHub();
  const jobs = await openSqliteStore({ path: join(dir, "jobs.sqlite"), clock });
  const files = await openDiskFileStore({ dir: join(dir, "files") });
  const runner = new TestRunner({ jobs, hub, files, clock });
  if (surroundings.isIdle !== true) runner.start();
  const deps: Gateway["deps"] = {
    version: "1.2.3",
    limits,
    workflows: new WorkflowRegistry({ workflows: testWorkflows(), broken: [broken] }),
    jobs,
    hub,
    files,
    clock,
    logger: silentLogger,
    docsAssets: swaggerAssets,
    access: openAccess,
    checkpoint: noCheckpoint,
    newId: () => crypto.randomUUID(),
    drawSeed,
    metrics: { answered: () => undefined, scrape: async () => ({ text: "", contentType: "text/plain" }) },
    watch: noWatch,
    models: async () => [],
    readiness: async () => ({ ready: true, problems: [] }),
    status: async () => ({ uptimeSeconds: 1.5, queue: await jobs.counts(), backend: backendStatus }),
    ...parts,
  };
  const app = createHttpApp(deps);
  const shutDown = async (): Promise<void> => {
    await runner.stop();
    await jobs.close();
  };
  const close = async (): Promise<void> => {
    await shutDown();
    await rm(dir, { recursive: true, force: true });
  };
  return { app, deps, dir, runner, send: (method, path, options) => send(app, method, path, options), shutDown, close };
}

const backendStatus = {
  reachable: true,
  since: Date.parse("2026-01-01T00:00:00Z"),
  reason: null,
  version: "0.3.64",
  devices: [{ name: "cuda:0 NVIDIA", type: "cuda", vramTotal: 24_000_000_000, vramFree: 12_000_000_000 }],
  queueRemaining: 0,
};

export async function send(app: HttpApp, method: string, path: string, { headers = {}, body }: Sent = {}): Promise<Received> {
  // Encoded beforehand: the platform's own stream over a form fails when its reader stops early.
  const form = body instanceof FormData ? new Response(body) : null;
  const encoded = form === null ? body : new Uint8Array(await form.arrayBuffer());
  const type = form?.headers.get("content-type");
  const answer = await app.request(path, {
    method,
    headers: { ...headers, ...(type === null || type === undefined ? {} : { "Content-Type": type }) },
    ...(encoded === undefined || encoded instanceof FormData ? {} : { body: encoded }),
  });
  const bytes = Buffer.from(await answer.arrayBuffer());
  const isJson = /^application\/(problem\+)?json/.test(answer.headers.get("content-type") ?? "") && bytes.length > 0;
  return { status: answer.status, headers: answer.headers, bytes, json: isJson ? parseJson(bytes.toString()) : null };
}
