import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, type TestContext, vi } from "vitest";
import { z } from "zod";
import { listenLocally } from "../local-server.ts";
import { runGraph, startDemoApp } from "./demo-app.ts";

const spanSchema = z.object({
  traceId: z.string().regex(/^[0-9a-f]{32}$/),
  spanId: z.string().regex(/^[0-9a-f]{16}$/),
  parentSpanId: z.string().optional(),
  name: z.string(),
  kind: z.number(),
  attributes: z.array(z.object({ key: z.string(), value: z.object({ stringValue: z.string() }).or(z.object({ intValue: z.string() })) })),
  startTimeUnixNano: z.string().regex(/^\d{19}$/),
  endTimeUnixNano: z.string().regex(/^\d{19}$/),
  status: z.object({ code: z.number(), message: z.string() }).optional(),
});
const bodySchema = z.object({ resourceSpans: z.array(z.object({ scopeSpans: z.array(z.object({ spans: z.array(spanSchema) })) })) });
type SpanSeen = z.infer<typeof spanSchema>;

/** A collector that keeps what it is sent, and takes nothing the first `refusals` times. */
async function collector(refusals = 0): Promise<{ readonly url: string; readonly spans: SpanSeen[] }> {
  const spans: SpanSeen[] = [];
  let refused = 0;
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (piece: string) => {
      body += piece;
    });
    request.on("end", () => {
      if (refused < refusals) {
        refused += 1;
        response.writeHead(503).end();
        return;
      }
      if (request.url === "/otlp/v1/traces") {
        spans.push(...bodySchema.parse(JSON.parse(body)).resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans)));
      }
      response.writeHead(200, { "content-type": "application/json" }).end("{}");
    });
  });
  return { url: `${await listenLocally(server)}/otlp/`, spans };
}

function attributesOf({ attributes }: SpanSeen): Readonly<Record<string, string>> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, "stringValue" in value ? value.stringValue : value.intValue]));
}

/** A folder with the workflow `family/hello`. */
async function workflowsFolder({ onTestFinished }: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "comfyui-api-traces-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await mkdir(join(folder, "family"));
  const graph = '{ "1": { class_type: "PreviewAny", inputs: { source: "hello" } } }';
  const module = `import { z } from "zod";\nexport default { RequestSchema: z.object({}), generateWorkflow: () => (${graph}), summary: "Hello", description: "Says hello.", metadata: { requiredNodes: [], requiredModels: [], modelSources: {} } };\n`;
  await writeFile(join(folder, "family", "hello.ts"), module);
  return folder;
}

const patience = { timeout: 15_000, interval: 50 };

it("sends a span for a request, its job and each part of that, within the trace of the caller", async (test) => {
  const { url, spans } = await collector();
  const app = await startDemoApp(test, { config: { otlpEndpoint: url } });
  const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
  expect((await runGraph(app, undefined, { traceparent: `00-${traceId}-00f067aa0ba902b7-01` })).status).toBe(200);
  await vi.waitFor(() => expect(spans.map(({ name }) => name).sort()).toEqual(["POST /prompt", "POST /v1/jobs", "attempt", "collect", "job", "queue", "run"]), patience);
  expect(new Set(spans.map((span) => span.traceId))).toEqual(new Set([traceId]));
  const named = (name: string): SpanSeen | undefined => spans.find((span) => span.name === name);
  expect(named("POST /v1/jobs")).toMatchObject({ kind: 2, parentSpanId: "00f067aa0ba902b7" });
  expect(named("job")).toMatchObject({ kind: 1, parentSpanId: named("POST /v1/jobs")?.spanId });
  expect(named("attempt")?.parentSpanId).toBe(named("job")?.spanId);
  expect(named("run")?.parentSpanId).toBe(named("attempt")?.spanId);
  expect(named("POST /prompt")).toMatchObject({ kind: 3, parentSpanId: named("attempt")?.spanId });
});

it("gives a job whose caller has no trace one with the digits of its id, and loses none while the collector is away", async (test) => {
  const { url, spans } = await collector(1);
  const app = await startDemoApp(test, { config: { otlpEndpoint: url } });
  const answer = await runGraph(app, { graph: { "1": { class_type: "NoSuchNode", inputs: {} } } }, { traceparent: "none" });
  const id = answer.headers.get("x-job-id") ?? "";
  expect(answer.status).toBe(200);
  await vi.waitFor(async () => {
    // Each further span is another chance.
    await runGraph(app);
    expect(spans.find(({ traceId, name }) => name === "job" && traceId === id.replaceAll("-", ""))?.status?.message).toBe("comfyui_rejected");
  }, { timeout: 15_000, interval: 1_000 });
});

it("records nothing of a caller that does not want it", async (test) => {
  const { url, spans } = await collector();
  const app = await startDemoApp(test, { config: { otlpEndpoint: url } });
  await runGraph(app, undefined, { traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00" });
  await runGraph(app);
  await vi.waitFor(() => expect(spans.some(({ name }) => name === "job")).toBe(true), patience);
  expect(spans.filter(({ traceId }) => traceId === "4bf92f3577b34da6a3ce929d0e0e4736")).toEqual([]);
});

it("names a request's span by its route and workflow, with its status and ids, and tells no secret of its address", async (test) => {
  const { url, spans } = await collector();
  const app = await startDemoApp(test, { config: { otlpEndpoint: url, workflowsDir: await workflowsFolder(test) } });
  const ran = await fetch(`${app.url}/family/hello?priority=high&webhook=${encodeURIComponent("http://me:secret@127.0.0.1:9/")}`, {
    method: "POST",
    headers: { "x-request-id": "mine" },
    body: "{}",
  });
  expect(ran.status).toBe(400);
  const made = await fetch(`${app.url}/family/hello`, { method: "POST", headers: { "x-request-id": "made" }, body: "{}" });
  expect(made.status).toBe(200);
  const jobId = made.headers.get("x-job-id") ?? "";
  await fetch(`${app.url}/v1/jobs/${jobId}/outputs/7?expires=1800000000&signature=c2VjcmV0`);
  await fetch(`${app.url}/invented-${"x".repeat(500)}`);
  await vi.waitFor(() => expect(spans.filter(({ kind }) => kind === 2)).toHaveLength(4), patience);
  const seen = spans.filter(({ kind }) => kind === 2).map((span) => ({ name: span.name, ...attributesOf(span) }));
  expect(seen[0]).toMatchObject({ name: "POST /family/hello", "http.response.status_code": "400", "request.id": "mine", "url.query": "priority=high&webhook=***" });
  expect(seen[1]).toMatchObject({ name: "POST /family/hello", "http.route": "/{family}/{name}", "http.response.status_code": "200", "request.id": "made", "job.id": jobId });
  expect(seen[2]).toMatchObject({ name: "GET /v1/jobs/:id/outputs/:index", "http.response.status_code": "404", "url.query": "expires=1800000000&signature=***" });
  expect(seen[3]).toMatchObject({ name: "GET", "error.type": "route_not_found" });
  expect(seen[3]).not.toHaveProperty("http.route");
  expect(JSON.stringify(spans)).not.toMatch(/c2VjcmV0|secret@|x{400}/);
});
