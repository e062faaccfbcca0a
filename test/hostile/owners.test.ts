import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { routes } from "../../src/http/routes/all.ts";
import { ApiDocument } from "../http/api-document.ts";
import { openGateway, type Gateway, type Sent } from "../http/gateway.ts";
import { pngBytes } from "../http/test-runner.ts";
import { asHolder, closedAccess, type Holder } from "./keys.ts";

const withId = z.looseObject({ id: z.string() });
const png = new Uint8Array(pngBytes(7, 5));
const body = '{"prompt":"x"}';

let gateway: Gateway;
/** Of alice. */
let job = "";
let pending = "";
let file = "";

async function as(who: Holder | "nobody", method: string, path: string, options: Sent = {}): ReturnType<Gateway["send"]> {
  return gateway.send(method, path, { ...options, headers: { ...options.headers, ...asHolder(who) } });
}

beforeAll(async () => {
  gateway = await openGateway({ access: closedAccess() });
  job = withId.parse((await as("alice", "POST", "/test/picture?webhook=http%3A%2F%2F127.0.0.1%2Fhook", { body })).json).id;
  pending = withId.parse((await as("alice", "POST", "/test/picture", { body: '{"prompt":"x","fate":"pending"}', headers: { Prefer: "respond-async" } })).json).id;
  file = withId.parse((await as("alice", "POST", "/v1/files", { body: png })).json).id;
});

afterAll(async () => {
  await gateway.close();
});

interface Row {
  readonly method: string;
  readonly path: () => string;
  readonly sent?: Sent;
  /** Status for: nobody, the owner, another key, one that only reads, the admin. */
  readonly expected: readonly [number, number, number, number, number];
}

const callers = ["nobody", "alice", "bob", "reader", "admin"] as const;
const all200 = [200, 200, 200, 200, 200] as const;
const needsKey = [401, 200, 200, 200, 200] as const;
const ownersOnly = [401, 200, 404, 404, 200] as const;
const runs = [401, 200, 200, 403, 200] as const;

const rows: Readonly<Record<string, Row>> = {
  run_test_picture: { method: "POST", path: () => "/test/picture", sent: { body }, expected: runs },
  describe_test_picture: { method: "GET", path: () => "/test/picture", expected: needsKey },
  run_graph: { method: "POST", path: () => "/v1/jobs", sent: { body: '{"graph":{"1":{"class_type":"Draw","inputs":{}}}}' }, expected: runs },
  list_jobs: { method: "GET", path: () => "/v1/jobs", expected: needsKey },
  get_job: { method: "GET", path: () => `/v1/jobs/${job}`, expected: ownersOnly },
  cancel_job: { method: "DELETE", path: () => `/v1/jobs/${job}`, expected: [401, 409, 404, 403, 409] },
  job_events: { method: "GET", path: () => `/v1/jobs/${job}/events`, expected: ownersOnly },
  stream: { method: "GET", path: () => "/v1/stream", expected: [401, 426, 426, 426, 426] },
  redeliver_webhook: { method: "POST", path: () => `/v1/jobs/${job}/webhook/redeliver`, expected: [401, 202, 404, 403, 202] },
  get_output: { method: "GET", path: () => `/v1/jobs/${job}/outputs/0`, expected: ownersOnly },
  list_outputs: { method: "GET", path: () => "/v1/outputs", expected: needsKey },
  list_workflows: { method: "GET", path: () => "/v1/workflows", expected: needsKey },
  describe_workflow: { method: "GET", path: () => "/v1/workflows/test/picture", expected: needsKey },
  make_graph: { method: "POST", path: () => "/v1/workflows/test/picture/graph", sent: { body }, expected: runs },
  upload_file: { method: "POST", path: () => "/v1/files", sent: { body: new Uint8Array(pngBytes(3, 3)) }, expected: [401, 201, 201, 403, 200] },
  get_file: { method: "GET", path: () => `/v1/files/${file}`, expected: ownersOnly },
  list_models: { method: "GET", path: () => "/v1/models", expected: needsKey },
  status: { method: "GET", path: () => "/v1/status", expected: needsKey },
  health: { method: "GET", path: () => "/health", expected: all200 },
  ready: { method: "GET", path: () => "/ready", expected: all200 },
  metrics: { method: "GET", path: () => "/metrics", expected: all200 },
  docs: { method: "GET", path: () => "/docs", expected: all200 },
  openapi: { method: "GET", path: () => "/openapi.json", expected: all200 },
  "GET /docs/:file": { method: "GET", path: () => "/docs/swagger-ui.css", expected: all200 },
  "GET /": { method: "GET", path: () => "/", expected: [302, 302, 302, 302, 302] },
};

describe("every route, by whoever asks", () => {
  for (const [operation, row] of Object.entries(rows)) {
    it.each(callers.map((who, at) => [who, row.expected[at]] as const))(`${operation}: %s → %i`, async (who, status) => {
      const answer = await as(who, row.method, row.path(), row.sent);
      expect(answer.status, answer.bytes.toString()).toBe(status);
    });
  }

  it("is in the table: those of the document, and those that it does not show", async () => {
    const document = new ApiDocument((await gateway.send("GET", "/openapi.json")).bytes.toString());
    const shown = document.operationIds().filter((id) => !/^(run|describe)_test_/.test(id) || id.endsWith("_test_picture"));
    const hidden = routes.filter(({ config }) => config.hide === true).map(({ config, pattern }) => `${config.method.toUpperCase()} ${pattern}`);
    expect([...shown, ...hidden].toSorted()).toEqual(Object.keys(rows).toSorted());
  });
});

describe("what is somebody else's", () => {
  const ids = z.looseObject({ jobs: z.array(withId) });

  it("is in no list, and all of it in the admin's", async () => {
    const listed = async (who: Holder): Promise<readonly string[]> => ids.parse((await as(who, "GET", "/v1/jobs?limit=200")).json).jobs.map(({ id }) => id);
    expect(await listed("alice")).toContain(job);
    expect(await listed("bob")).not.toContain(job);
    expect(await listed("admin")).toContain(job);
    expect((await as("bob", "GET", `/v1/outputs?job_id=${job}`)).json).toMatchObject({ outputs: [] });
    expect((await as("alice", "GET", `/v1/outputs?job_id=${job}`)).json).toMatchObject({ outputs: [{ job_id: job }] });
  });

  it("is no input: neither a file, nor an output, in a workflow or a graph", async () => {
    for (const image of [`file:${file}`, `job:${job}#0`]) {
      const sent = { body: JSON.stringify({ prompt: "x", image }) };
      expect((await as("bob", "POST", "/test/edit", sent)).json).toMatchObject({ status: 400, code: "invalid_file" });
      expect((await as("alice", "POST", "/test/edit", sent)).status).toBe(200);
    }
    const graph = { graph: { "1": { class_type: "LoadImage", inputs: { image: `file:${file}` } } } };
    expect((await as("bob", "POST", "/v1/jobs", { body: JSON.stringify(graph) })).json).toMatchObject({ status: 400, code: "invalid_file" });
    const byName = { graph: { "1": { class_type: "LoadImage", inputs: { image: `comfyui-api/${file}.png` } } } };
    expect((await as("bob", "POST", "/v1/jobs", { body: JSON.stringify(byName) })).json).toMatchObject({ status: 400, code: "invalid_graph" });
  });

  it("is not told of by an upload of the same bytes: it is new to whoever did not have it", async () => {
    expect((await as("bob", "POST", "/v1/files", { body: png })).status).toBe(201);
    expect((await as("bob", "POST", "/v1/files", { body: png })).status).toBe(200);
    expect((await as("bob", "GET", `/v1/files/${file}`)).status).toBe(200);
  });

  it("cannot be cancelled, and stays", async () => {
    expect((await as("bob", "DELETE", `/v1/jobs/${pending}`)).json).toMatchObject({ status: 404, code: "job_not_found" });
    expect((await as("alice", "GET", `/v1/jobs/${pending}`)).json).toMatchObject({ cancel_requested_at: null });
  });

  it("does not meet another's idempotency key", async () => {
    const sent = { body, headers: { "Idempotency-Key": "same" } };
    const [first, second] = [await as("alice", "POST", "/test/picture", sent), await as("bob", "POST", "/test/picture", sent)];
    expect(withId.parse(second.json).id).not.toBe(withId.parse(first.json).id);
  });

  it("is in no stream of all events", async () => {
    const last = await gateway.deps.jobs.lastEventSeq();
    const own = async (owner: string): Promise<readonly string[]> => (await gateway.deps.jobs.readAllEvents({ owner, afterSeq: 0, limit: 1000 })).map(({ jobId }) => jobId);
    expect(last).toBeGreaterThan(0);
    expect(await own("alice")).toContain(job);
    expect(await own("bob")).not.toContain(job);
  });
});

describe("a signed link", () => {
  const outputs = z.looseObject({ outputs: z.array(z.looseObject({ signed_url: z.string() })) });

  it("opens that one output without a key, and nothing else, and not when it was changed", async () => {
    const { outputs: [output] } = outputs.parse((await as("alice", "GET", `/v1/jobs/${job}`)).json);
    const link = output?.signed_url ?? "";
    expect((await as("nobody", "GET", link)).bytes).toEqual(pngBytes());
    expect((await as("nobody", "GET", link.replace("outputs/0", "outputs/1"))).json).toMatchObject({ status: 401, code: "link_not_valid" });
    expect((await as("nobody", "GET", link.replace(/expires=\d/, "expires=9"))).json).toMatchObject({ status: 401, code: "link_not_valid" });
    expect((await as("nobody", "GET", link.replace("/outputs/0", ""))).status).toBe(401);
  });
});
