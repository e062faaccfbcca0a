import { afterEach, describe, expect, it } from "vitest";
import { parseGraph } from "../graph/graph.ts";
import { HeldClock } from "../telemetry/held-clock.ts";
import type { Submission } from "./backend.ts";
import { parseBackendAddress } from "./backend-address.ts";
import { eventually } from "./eventually.suite.ts";
import { ComfyHttp } from "./http-client.ts";
import { startScriptedServer, type Script, type ScriptedServer } from "./scripted-server.ts";
import { submitPrompt } from "./submission.ts";
import { timeoutsMs } from "./timeouts.ts";

const promptId = "0b54a2a3-6d2f-4c3a-9a37-0f9e5a1f6b11";
const graph = parseGraph({ "1": { class_type: "KSampler", inputs: { seed: 18446744073709551615n } } });

let server: ScriptedServer | null = null;
afterEach(async () => {
  await server?.stop();
  server = null;
});

async function submit(answer: Script["answer"], clock = new HeldClock()): Promise<Submission> {
  server = await startScriptedServer({ answer });
  const http = new ComfyHttp({ address: parseBackendAddress(server.url.replace("//", "//me:pw@")), clock });
  const submission = await submitPrompt(http, { graph, promptId, clientId: "client" });
  expect(clock.pendingTimers).toBe(0);
  return submission;
}

function json(body: object, status = 200): Script["answer"] {
  return (_, response) => response.writeHead(status).end(JSON.stringify(body));
}

describe("submitPrompt", () => {
  it("sends the graph digit for digit, our ids, no number, and nothing that trips the origin guard", async () => {
    await submit(json({ prompt_id: promptId, number: 1, node_errors: {} }));
    const [request] = server?.requests ?? [];
    expect(request).toMatchObject({ method: "POST", url: "/api/prompt" });
    expect(request?.body.toString()).toBe(
      `{"prompt":{"1":{"class_type":"KSampler","inputs":{"seed":18446744073709551615}}},"prompt_id":"${promptId}","client_id":"client"}`,
    );
    expect(request?.headers["authorization"]).toBe(`Basic ${Buffer.from("me:pw").toString("base64")}`);
    expect(request?.headers).not.toHaveProperty("origin");
    expect(request?.headers).not.toHaveProperty("sec-fetch-site");
  });

  it("accepted: with the outputs that ComfyUI left out", async () => {
    const fault = { type: "required_input_missing", message: "", details: "model", extra_info: { input_name: "model" } };
    const submission = await submit(json({ prompt_id: promptId, node_errors: { "1": { errors: [fault], dependent_outputs: ["9"] } } }));
    expect(submission).toMatchObject({ outcome: "accepted", refused: [{ pointer: "/graph/1/inputs/model", class_type: "KSampler" }] });
  });

  it("rejected: 400 with a reason, 413 with advice", async () => {
    const error = { type: "prompt_no_outputs", message: "Prompt has no outputs", details: "", extra_info: {} };
    expect(await submit(json({ error, node_errors: {} }, 400))).toMatchObject({ outcome: "rejected" });
    await server?.stop();
    expect(await submit((_, response) => response.writeHead(413).end("Maximum request body size"))).toMatchObject({
      outcome: "rejected",
      detail: expect.stringContaining("--max-upload-size"),
    });
  });

  it("rejected, and taken back, when ComfyUI made up an id of its own", async () => {
    const submission = await submit((request, response) => {
      if (request.url === "/api/prompt") response.end(JSON.stringify({ prompt_id: "other", node_errors: {} }));
      else if (request.method === "GET") response.end(JSON.stringify({ queue_running: [], queue_pending: [] }));
      else response.end();
    });
    expect(submission).toMatchObject({ outcome: "rejected" });
    const deletion = server?.requests.find((request) => request.url === "/api/queue" && request.method === "POST");
    expect(deletion?.body.toString()).toBe('{"delete":["other"]}');
  });

  it("unknown: 500 and a proxy's 502, for the graph may be queued", async () => {
    for (const status of [500, 502, 504]) {
      expect(await submit((_, response) => response.writeHead(status).end("500 Internal Server Error"))).toMatchObject({ outcome: "unknown" });
      await server?.stop();
    }
  });

  it("unknown: a 200 that cannot be read", async () => {
    for (const body of ["<html>", "{}", "null"]) {
      expect(await submit((_, response) => response.end(body))).toMatchObject({ outcome: "unknown", cause: { code: "comfyui_unexpected" } });
      await server?.stop();
    }
  });

  it("unknown: reset after the request was taken", async () => {
    const submission = await submit((_, response) => response.socket?.resetAndDestroy());
    expect(submission).toMatchObject({ outcome: "unknown", cause: { reason: "closed the connection" } });
    expect(server?.requests).toHaveLength(1);
  });

  it("unknown: an answer that breaks off", async () => {
    const submission = await submit((_, response) => {
      response.writeHead(200, { "content-length": "100" });
      response.write('{"prompt_id"', () => response.socket?.destroy());
    });
    expect(submission).toMatchObject({ outcome: "unknown" });
  });

  it("unknown: no answer within the limit", async () => {
    const clock = new HeldClock();
    const submission = await submit(() => clock.advance(timeoutsMs.submit), clock);
    expect(submission).toMatchObject({ outcome: "unknown", cause: { reason: "timed out after 60 s" } });
  });

  it("not-sent: nothing listens, or the name leads nowhere", async () => {
    const gone = await startScriptedServer({});
    await gone.stop();
    const attempt = async (url: string): Promise<Submission> => {
      const http = new ComfyHttp({ address: parseBackendAddress(url), clock: new HeldClock() });
      return submitPrompt(http, { graph, promptId, clientId: "client" });
    };
    expect(await attempt(gone.url)).toMatchObject({ outcome: "not-sent", cause: { reason: "connection refused" } });
    expect(await attempt("http://no-such-host.invalid")).toMatchObject({ outcome: "not-sent", cause: { reason: "host not found" } });
  });

  it("not-sent: the door stayed shut before ComfyUI", async () => {
    for (const status of [302, 401, 403, 404]) {
      const submission = await submit((_, response) => response.writeHead(status, { location: "http://127.0.0.1:9/login" }).end());
      expect(submission).toMatchObject({ outcome: "not-sent", cause: { code: "comfyui_unexpected" } });
      expect(server?.requests).toHaveLength(1);
      await server?.stop();
    }
  });
});

describe("ComfyHttp", () => {
  it("breaks off what is under way when it stops", async () => {
    server = await startScriptedServer({ answer: () => undefined });
    const clock = new HeldClock();
    const http = new ComfyHttp({ address: parseBackendAddress(server.url), clock });
    const call = http.call("/api/queue", { timeoutMs: 1000 }).catch((error: unknown) => error);
    await eventually(() => expect(server?.requests).toHaveLength(1));
    http.stop();
    expect(await call).toMatchObject({ reason: "the gateway stopped" });
    expect(clock.pendingTimers).toBe(0);
  });
});
