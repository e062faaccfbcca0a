import { once } from "node:events";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { WebSocket } from "ws";
import { AppError } from "../../src/errors/app-error.ts";
import { createHttpApp } from "../../src/http/app.ts";
import { listen } from "../../src/http/listen.ts";
import { ApiDocument, type DeclaredResponse } from "./api-document.ts";
import { keyed, limits, openAccess, openGateway, send, testKey, type Gateway, type Received, type Sent } from "./gateway.ts";
import { pngBytes } from "./test-runner.ts";

type Case = (gateway: Gateway) => Promise<Received>;

const withId = z.looseObject({ id: z.string() });

const json = (value: unknown): Sent => ({ body: JSON.stringify(value) });

const drawGraph = { "1": { class_type: "Draw", inputs: { format: "png", fate: "completed" } } };

const graphWith = (inputs: object): object => ({ graph: { "1": { class_type: "Draw", inputs } } });

async function jobId({ send: sendTo }: Gateway): Promise<string> {
  return withId.parse((await sendTo("POST", "/test/picture", json({ prompt: "x" }))).json).id;
}

async function outputPath(gateway: Gateway): Promise<string> {
  return `/v1/jobs/${await jobId(gateway)}/outputs/0`;
}

async function filePath(gateway: Gateway): Promise<string> {
  const { json: file } = await gateway.send("POST", "/v1/files", { body: new Uint8Array(pngBytes()) });
  return `/v1/files/${withId.parse(file).id}`;
}

/** A request to a gateway whose store has been closed under it. */
function withoutStore(method: string, path: string, options?: Sent): Case {
  return async ({ deps, send: sendTo }) => {
    await deps.jobs.close();
    return sendTo(method, path, options);
  };
}

/** A request to a gateway whose folder for incoming files has gone. */
function withoutDisk(method: string, path: string, options?: Sent): Case {
  return async ({ dir, send: sendTo }) => {
    await rm(join(dir, "files", "tmp"), { recursive: true });
    return sendTo(method, path, options);
  };
}

function plain(method: string, path: string, options?: Sent): Case {
  return ({ send: sendTo }) => sendTo(method, path, options);
}

const withFate = (fate: string): object => ({ prompt: "x", fate });

/** A job in the hands of the runner, which goes on until it is told otherwise. */
async function runningJob(gateway: Gateway): Promise<string> {
  const { json: job } = await gateway.send("POST", "/test/picture", { ...json(withFate("running")), headers: { Prefer: "respond-async" } });
  await gateway.runner.settled();
  return withId.parse(job).id;
}

/** A run whose job is cancelled while its caller waits for a picture. */
function cancelledWhileWaiting(path: string, request: (inputs: object) => object): Case {
  return async (gateway) => {
    const answer = gateway.send("POST", path, { ...json(request(withFate("running"))), headers: { Accept: "image/png" } });
    await expect.poll(async () => (await gateway.deps.jobs.counts()).running).toBe(1);
    const [job] = (await gateway.deps.jobs.listJobs({ limit: 1 })).items;
    expect((await gateway.send("DELETE", `/v1/jobs/${job?.id}`)).status).toBe(200);
    return answer;
  };
}

/** A request to a gateway in whose queue nothing has room. */
function onFullQueue(method: string, path: string, options: Sent): Case {
  return ({ deps }) => send(createHttpApp({ ...deps, limits: { ...limits, maxQueued: 0 } }), method, path, options);
}

function whileStopping(method: string, path: string, options: Sent): Case {
  return ({ deps }) => send(createHttpApp({ ...deps, stopping: AbortSignal.abort() }), method, path, options);
}

/** The head of the answer to a WebSocket that was let in. */
const openedStream: Case = async (gateway) => {
  const server = await listen(gateway.app, { host: "127.0.0.1", port: 0 });
  const socket = new WebSocket(`${server.url}/v1/stream`);
  const [{ statusCode = 0 }] = z.tuple([z.object({ statusCode: z.number().optional() })]).parse(await once(socket, "upgrade"));
  socket.terminate();
  await server.close();
  return { status: statusCode, headers: new Headers(), bytes: Buffer.alloc(0), json: null };
};

function runCases(path: string, request: (inputs: object) => object): Readonly<Record<string, Case>> {
  const image = { headers: { Accept: "image/png" } };
  return {
    200: plain("POST", path, json(request({ prompt: "x" }))),
    202: plain("POST", path, { ...json(request({ prompt: "x" })), headers: { Prefer: "respond-async" } }),
    400: plain("POST", path, { body: "{" }),
    406: plain("POST", path, { ...json(request({ prompt: "x", format: "webp" })), ...image }),
    409: cancelledWhileWaiting(path, request),
    413: plain("POST", path, { body: `"${"x".repeat(limits.maxJsonBytes)}"` }),
    415: plain("POST", path, { body: "prompt=x", headers: { "Content-Type": "application/x-www-form-urlencoded" } }),
    422: plain("POST", path, { ...json(request(withFate("comfyui_rejected"))), ...image }),
    429: onFullQueue("POST", path, json(request({ prompt: "x" }))),
    502: plain("POST", path, { ...json(request(withFate("comfyui_node_failed"))), ...image }),
    503: whileStopping("POST", path, json(request({ prompt: "x" }))),
    504: plain("POST", path, { ...json(request(withFate("start_timeout"))), ...image }),
    507: withoutStore("POST", path, json(request({ prompt: "x" }))),
  };
}

function bytes(pathOf: (gateway: Gateway) => Promise<string>, unknownPath: string): Readonly<Record<string, Case>> {
  return {
    200: async (gateway) => gateway.send("GET", await pathOf(gateway)),
    206: async (gateway) => gateway.send("GET", await pathOf(gateway), { headers: { Range: "bytes=0-9" } }),
    304: async (gateway) => gateway.send("GET", await pathOf(gateway), { headers: { "If-None-Match": "*" } }),
    400: async (gateway) => gateway.send("GET", `${await pathOf(gateway)}?inline=1`),
    404: plain("GET", unknownPath),
    416: async (gateway) => gateway.send("GET", await pathOf(gateway), { headers: { Range: "bytes=999999-" } }),
  };
}

/** One case for each response that an operation declares, by operation and status. 500 is the same for all, below. */
const cases: Readonly<Record<string, Readonly<Record<string, Case>>>> = {
  run_test_picture: runCases("/test/picture", (inputs) => inputs),
  describe_test_picture: { 200: plain("GET", "/test/picture"), 400: plain("GET", "/test/picture?x=1") },
  run_graph: runCases("/v1/jobs", graphWith),
  list_jobs: {
    200: async (gateway) => {
      await jobId(gateway);
      return gateway.send("GET", "/v1/jobs");
    },
    400: plain("GET", "/v1/jobs?limit=0"),
    507: withoutStore("GET", "/v1/jobs"),
  },
  get_job: {
    200: async (gateway) => gateway.send("GET", `/v1/jobs/${await jobId(gateway)}?outputs=inline`),
    400: plain("GET", "/v1/jobs/x?outputs=none"),
    404: plain("GET", "/v1/jobs/x"),
    507: withoutStore("GET", "/v1/jobs/x"),
  },
  cancel_job: {
    200: async (gateway) => gateway.send("DELETE", `/v1/jobs/${await runningJob(gateway)}`),
    202: async (gateway) => {
      const id = await runningJob(gateway);
      await gateway.runner.stop();
      return send(createHttpApp({ ...gateway.deps, stopping: AbortSignal.abort() }), "DELETE", `/v1/jobs/${id}`);
    },
    400: plain("DELETE", "/v1/jobs/x?force=1"),
    404: plain("DELETE", "/v1/jobs/x"),
    409: async (gateway) => gateway.send("DELETE", `/v1/jobs/${await jobId(gateway)}`),
    507: withoutStore("DELETE", "/v1/jobs/x"),
  },
  job_events: {
    200: async (gateway) => gateway.send("GET", `/v1/jobs/${await jobId(gateway)}/events`),
    204: async (gateway) => {
      const id = await jobId(gateway);
      const last = (await gateway.deps.jobs.readEvents({ jobId: id, afterId: 0, limit: 100 })).length;
      return gateway.send("GET", `/v1/jobs/${id}/events`, { headers: { "Last-Event-ID": String(last) } });
    },
    400: plain("GET", "/v1/jobs/x/events?after=-1"),
    404: plain("GET", "/v1/jobs/x/events"),
    507: withoutStore("GET", "/v1/jobs/x/events"),
  },
  stream: {
    101: openedStream,
    400: plain("GET", "/v1/stream?job_id=x"),
    403: plain("GET", "/v1/stream", { headers: { Origin: "https://elsewhere.example" } }),
    426: plain("GET", "/v1/stream"),
  },
  redeliver_webhook: {
    202: async (gateway) => {
      const { json: job } = await gateway.send("POST", "/test/picture?webhook=http%3A%2F%2F127.0.0.1%2Fhook", json({ prompt: "x" }));
      return gateway.send("POST", `/v1/jobs/${withId.parse(job).id}/webhook/redeliver`);
    },
    400: plain("POST", "/v1/jobs/x/webhook/redeliver?force=1"),
    404: async (gateway) => gateway.send("POST", `/v1/jobs/${await jobId(gateway)}/webhook/redeliver`),
    409: async (gateway) => {
      const { json: job } = await gateway.send("POST", "/test/picture?webhook=http%3A%2F%2F127.0.0.1%2Fhook", { ...json(withFate("pending")), headers: { Prefer: "wait=0" } });
      return gateway.send("POST", `/v1/jobs/${withId.parse(job).id}/webhook/redeliver`);
    },
    507: withoutStore("POST", "/v1/jobs/x/webhook/redeliver"),
  },
  get_output: { ...bytes(outputPath, "/v1/jobs/x/outputs/0"), 507: withoutStore("GET", "/v1/jobs/x/outputs/0") },
  list_outputs: {
    200: async (gateway) => {
      await jobId(gateway);
      return gateway.send("GET", "/v1/outputs");
    },
    400: plain("GET", "/v1/outputs?cursor=nonsense"),
    507: withoutStore("GET", "/v1/outputs"),
  },
  list_workflows: { 200: plain("GET", "/v1/workflows"), 400: plain("GET", "/v1/workflows?page=2") },
  describe_workflow: {
    200: plain("GET", "/v1/workflows/test/edit"),
    400: plain("GET", "/v1/workflows/test/edit?x=1"),
    404: plain("GET", "/v1/workflows/test/nothing"),
  },
  make_graph: {
    200: plain("POST", "/v1/workflows/test/picture/graph", json({ prompt: "x" })),
    400: plain("POST", "/v1/workflows/test/picture/graph", json({ prompt: 1 })),
    404: plain("POST", "/v1/workflows/test/nothing/graph", json({})),
    413: plain("POST", "/v1/workflows/test/picture/graph", { body: `"${"x".repeat(limits.maxJsonBytes)}"` }),
    415: plain("POST", "/v1/workflows/test/picture/graph", { body: "<xml/>", headers: { "Content-Type": "text/xml" } }),
    507: withoutDisk("POST", "/v1/workflows/test/edit/graph", json({ prompt: "x", image: pngBytes().toString("base64") })),
  },
  upload_file: {
    200: async (gateway) => {
      await filePath(gateway);
      return gateway.send("POST", "/v1/files", { body: new Uint8Array(pngBytes()) });
    },
    201: plain("POST", "/v1/files", { body: new Uint8Array(pngBytes()) }),
    400: plain("POST", "/v1/files"),
    415: plain("POST", "/v1/files", { body: new Uint8Array(pngBytes()), headers: { "Content-Encoding": "gzip" } }),
    413: plain("POST", "/v1/files", { body: new Uint8Array(limits.maxFileBytes + 1) }),
    507: withoutDisk("POST", "/v1/files", { body: new Uint8Array(pngBytes()) }),
  },
  get_file: {
    ...bytes(filePath, `/v1/files/${"0".repeat(64)}`),
    507: async ({ dir, send: sendTo }) => {
      await writeFile(join(dir, "files", "00"), "a file where a folder should be");
      return sendTo("GET", `/v1/files/${"0".repeat(64)}`);
    },
  },
  health: { 200: plain("GET", "/health") },
  ready: {
    200: plain("GET", "/ready"),
    503: ({ deps }) => send(createHttpApp({ ...deps, readiness: async () => ({ ready: false, problems: ["ComfyUI does not answer."] }) }), "GET", "/ready"),
  },
  status: { 200: plain("GET", "/v1/status"), 400: plain("GET", "/v1/status?x=1"), 507: withoutStore("GET", "/v1/status") },
  list_models: {
    200: plain("GET", "/v1/models"),
    400: plain("GET", "/v1/models?x=1"),
    502: ({ deps }) => send(createHttpApp({ ...deps, models: () => Promise.reject(new AppError("comfyui_unreachable", "ComfyUI does not answer.")) }), "GET", "/v1/models"),
  },
  metrics: {
    200: ({ deps }) => send(createHttpApp({ ...deps, metrics: { ...deps.metrics, scrape: async () => ({ text: "x 1", contentType: "text/plain" }) } }), "GET", "/metrics"),
    507: ({ deps }) => {
      const scrape = (): Promise<never> => Promise.reject(new AppError("storage_failed", "The disk is full."));
      return send(createHttpApp({ ...deps, metrics: { ...deps.metrics, scrape } }), "GET", "/metrics");
    },
  },
  docs: { 200: plain("GET", "/docs") },
  openapi: { 200: plain("GET", "/openapi.json") },
};

const privateCause = "what only the log may tell";

/** A bug of ours, met at any path. */
const bug: (declared: DeclaredResponse) => Case = ({ method, path }) => ({ deps }) => {
  const newId = (): string => {
    throw new Error(privateCause);
  };
  return send(createHttpApp({ ...deps, newId }), method.toUpperCase(), path);
};

/** Whoever has no key, where every path needs one. */
const withoutKey: (declared: DeclaredResponse) => Case = ({ method, path }) => ({ deps }) =>
  send(createHttpApp({ ...deps, access: { ...openAccess, ...keyed(), closedPaths: ["health", "ready", "docs", "openapi.json", "metrics"] } }), method.toUpperCase(), path);

/** A page whose own name was made to lead here. */
const byAnotherName: (declared: DeclaredResponse) => Case = ({ method, path }) => ({ deps }) =>
  send(createHttpApp({ ...deps, access: { ...openAccess, isLoopbackOnly: true } }), method.toUpperCase(), path, { headers: { Host: "rebound.example" } });

/** A key whose requests of this minute are used up. */
const tooOften: (declared: DeclaredResponse) => Case = ({ method, path }) => async ({ deps }) => {
  const access = { ...openAccess, ...keyed({ limits: { requestsPerMinute: 1, maxRunning: 3, maxQueued: 10 } }), closedPaths: ["health", "ready", "docs", "openapi.json", "metrics"] };
  const app = createHttpApp({ ...deps, access });
  await send(app, "GET", "/v1/status", { headers: { "X-API-Key": testKey } });
  return send(app, method.toUpperCase(), path, { headers: { "X-API-Key": testKey } });
};

/** What is the same for every operation. */
const shared: Readonly<Record<string, (declared: DeclaredResponse) => Case>> = { 401: withoutKey, 403: byAnotherName, 429: tooOften, 500: bug };

const gateways: Gateway[] = [];

async function open(): Promise<Gateway> {
  const gateway = await openGateway();
  gateways.push(gateway);
  return gateway;
}

afterEach(async () => {
  for (const gateway of gateways.splice(0)) await gateway.close();
});

/** Of all workflows the first stands for all: they share one declaration. */
const isCovered = ({ operationId, path }: DeclaredResponse): boolean => !path.startsWith("/test/") || operationId.endsWith("_test_picture");

const first = await openGateway();
const document = new ApiDocument((await first.send("GET", "/openapi.json")).bytes.toString());
await first.close();
const declared = document.responses().filter(isCovered);

describe("each declared response is given", () => {
  it.each(declared)("$operationId → $status", async (response) => {
    const { operationId, status } = response;
    const run = cases[operationId]?.[status] ?? shared[status]?.(response);
    expect(run, `no case for ${operationId} ${status}`).toBeDefined();
    const answer = await run?.(await open());
    expect(answer?.status, answer?.bytes.toString()).toBe(Number(status));
    expect(answer && document.faultsOfAnswer(response, answer)).toEqual([]);
    expect(answer?.bytes.toString()).not.toContain(privateCause);
  });
});

it("declares each response that has a case", () => {
  const given = Object.entries(cases).flatMap(([operationId, byStatus]) => Object.keys(byStatus).map((status) => `${operationId} ${status}`));
  expect(given.filter((key) => !declared.some(({ operationId, status }) => `${operationId} ${status}` === key))).toEqual([]);
});

it("runs a raw graph that ends in a completed job", async () => {
  const { send: sendTo } = await open();
  expect((await sendTo("POST", "/v1/jobs", json({ graph: drawGraph }))).json).toMatchObject({ workflow: null, status: "completed", inputs: {} });
});
