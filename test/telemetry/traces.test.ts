import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, it, type TestContext, vi } from "vitest";
import { z } from "zod";
import { runGraph, startDemoApp } from "./demo-app.ts";

const spanSchema = z.object({
  traceId: z.string().regex(/^[0-9a-f]{32}$/),
  spanId: z.string().regex(/^[0-9a-f]{16}$/),
  parentSpanId: z.string().optional(),
  name: z.string(),
  kind: z.number(),
  startTimeUnixNano: z.string().regex(/^\d{19}$/),
  endTimeUnixNano: z.string().regex(/^\d{19}$/),
  status: z.object({ code: z.number(), message: z.string() }).optional(),
});
const bodySchema = z.object({ resourceSpans: z.array(z.object({ scopeSpans: z.array(z.object({ spans: z.array(spanSchema) })) })) });
type SpanSeen = z.infer<typeof spanSchema>;

/** A collector that keeps what it is sent, and takes nothing the first `refusals` times. */
async function collector({ onTestFinished }: TestContext, refusals = 0): Promise<{ readonly url: string; readonly spans: SpanSeen[] }> {
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
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = z.object({ port: z.number() }).parse(server.address() satisfies string | AddressInfo | null);
  return { url: `http://127.0.0.1:${port}/otlp/`, spans };
}

const patience = { timeout: 15_000, interval: 50 };

it("sends a span for a job and each of its parts, within the trace of the caller", async (test) => {
  const { url, spans } = await collector(test);
  const app = await startDemoApp(test, { config: { otlpEndpoint: url } });
  const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
  expect((await runGraph(app, undefined, { traceparent: `00-${traceId}-00f067aa0ba902b7-01` })).status).toBe(200);
  await vi.waitFor(() => expect(spans.map(({ name }) => name).sort()).toEqual(["POST /prompt", "attempt", "collect", "job", "queue", "run"]), patience);
  expect(new Set(spans.map((span) => span.traceId))).toEqual(new Set([traceId]));
  const named = (name: string): SpanSeen | undefined => spans.find((span) => span.name === name);
  expect(named("job")?.parentSpanId).toBe("00f067aa0ba902b7");
  expect(named("attempt")?.parentSpanId).toBe(named("job")?.spanId);
  expect(named("run")?.parentSpanId).toBe(named("attempt")?.spanId);
  expect(named("POST /prompt")).toMatchObject({ kind: 3, parentSpanId: named("attempt")?.spanId });
});

it("gives a job whose caller has no trace one with the digits of its id, and loses none while the collector is away", async (test) => {
  const { url, spans } = await collector(test, 1);
  const app = await startDemoApp(test, { config: { otlpEndpoint: url } });
  const answer = await runGraph(app, { graph: { "1": { class_type: "NoSuchNode", inputs: {} } } }, { traceparent: "none" });
  const id = answer.headers.get("x-job-id") ?? "";
  await vi.waitFor(() => expect(answer.status).toBe(200));
  await vi.waitFor(async () => {
    // Each further span is another chance.
    await runGraph(app);
    expect(spans.find(({ traceId, name }) => name === "job" && traceId === id.replaceAll("-", ""))?.status?.message).toBe("comfyui_rejected");
  }, { timeout: 15_000, interval: 1_000 });
});

it("records nothing of a caller that does not want it", async (test) => {
  const { url, spans } = await collector(test);
  const app = await startDemoApp(test, { config: { otlpEndpoint: url } });
  await runGraph(app, undefined, { traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00" });
  await runGraph(app);
  await vi.waitFor(() => expect(spans.some(({ name }) => name === "job")).toBe(true), patience);
  expect(spans.filter(({ traceId }) => traceId === "4bf92f3577b34da6a3ce929d0e0e4736")).toEqual([]);
});
