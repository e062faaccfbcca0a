import { createServer } from "node:http";
import { expect, it, vi } from "vitest";
import { listenLocally } from "../../../test/local-server.ts";
import { HeldClock } from "../held-clock.ts";
import { silentLogger } from "../logger.ts";
import type { Span } from "./otlp.ts";
import { SpanExporter } from "./span-exporter.ts";

/** On a machine that runs everything else at the same time. */
const soon = { timeout: 10_000 };

const span: Span = { traceId: "a".repeat(32), spanId: "b".repeat(16), parentId: null, name: "job", kind: "internal", from: 1, to: 2, attributes: {}, error: null };

it("sends what fills a message at once, so that a busy gateway loses no span to the bound", async () => {
  let received = 0;
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (piece: string) => (body += piece));
    request.on("end", () => {
      received += body.split('"spanId"').length - 1;
      response.end("{}");
    });
  });
  const endpoint = await listenLocally(server);
  // Its time stands still: nothing is sent because of a timer.
  const exporter = new SpanExporter({ endpoint, version: "1.2.3", clock: new HeldClock(), logger: silentLogger.module("traces") });
  for (let count = 0; count < 511; count += 1) exporter.add(span);
  expect(received).toBe(0);
  exporter.add(span);
  await vi.waitFor(() => expect(received).toBe(512), soon);
  await exporter.stop();
});
