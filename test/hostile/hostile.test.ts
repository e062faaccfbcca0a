import { createHash } from "node:crypto";
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { WebSocket } from "ws";
import { z } from "zod";
import { createHttpApp } from "../../src/http/app.ts";
import { claims, tiffOf } from "../../src/http/body/image-claims.test-kit.ts";
import type { AccessParts, HttpDeps } from "../../src/http/deps.ts";
import { listen } from "../../src/http/listen.ts";
import type { Logger } from "../../src/telemetry/logger.ts";
import { HeldClock } from "../../src/telemetry/held-clock.ts";
import { limits, openAccess, openGateway, send, type Gateway, type Received, type Sent } from "../http/gateway.ts";
import { asHolder, closedAccess, keyOf } from "./keys.ts";

/** On a machine that runs everything else at the same time. */
const soon = { timeout: 10_000 };

const gateways: Gateway[] = [];

afterEach(async () => {
  for (const gateway of gateways.splice(0)) await gateway.close();
});

async function open(parts: Parameters<typeof openGateway>[0] = {}, isIdle = false): Promise<Gateway> {
  const gateway = await openGateway(parts, { isIdle });
  gateways.push(gateway);
  return gateway;
}

const withAccess = (parts: Partial<AccessParts>): Partial<Omit<HttpDeps, "jobs">> => ({ access: { ...openAccess, ...parts } });
const graph = (class_type: string, inputs: object): Sent => ({ body: JSON.stringify({ graph: { "7": { class_type, inputs } } }) });
const body = '{"prompt":"x"}';

describe("a body", () => {
  it.each([
    ["of too many bytes", `"${"x".repeat(limits.maxJsonBytes)}"`, "payload_too_large"],
    ["nested too deep", "[".repeat(65) + "]".repeat(65), "invalid_json"],
    ["of a number with too many digits", `{"seed":${"9".repeat(401)}}`, "invalid_json"],
    ["that is no UTF-8", new Uint8Array([0x7b, 0xff, 0x7d]), "invalid_json"],
  ])("%s is refused", async (_what, sent, code) => {
    expect((await (await open()).send("POST", "/test/picture", { body: sent })).json).toMatchObject({ code });
  });

  it("of too many values is refused, whatever its size allows", async () => {
    const { send: sendTo } = await open({ limits: { ...limits, maxJsonBytes: 10_000_000 } });
    expect((await sendTo("POST", "/test/picture", { body: `[${"1,".repeat(250_001)}1]` })).json).toMatchObject({ code: "invalid_json", detail: expect.stringContaining("values") });
  });

  it("that is packed is not unpacked, wherever one is taken", async () => {
    const { send: sendTo } = await open();
    for (const path of ["/test/picture", "/v1/jobs", "/v1/files", "/v1/workflows/test/picture/graph"]) {
      for (const encoding of ["gzip", "br", "zstd", "gzip, identity"]) {
        expect((await sendTo("POST", path, { body, headers: { "Content-Encoding": encoding } })).json).toMatchObject({ status: 415, code: "unsupported_media_type" });
      }
    }
  });

  const bombs: readonly (readonly [string, Buffer])[] = [...Object.entries(claims).map(([kind, make]) => [kind, make(1_234, 5_678)] as const), ["tiff", tiffOf({ pages: [[1_234, 5_678]], before: 1_000 })]];

  it.each(bombs)("with a %s of too many pixels is refused, wherever one is taken", async (_kind, bytes) => {
    const { send: sendTo } = await open();
    const bomb = new Uint8Array(bytes);
    const form = new FormData();
    form.append("image", new Blob([bomb]), "bomb.png");
    const inline = { body: JSON.stringify({ prompt: "x", image: bytes.toString("base64") }) };
    // The last one was kept before it was measured: its id is no way round.
    const byId = { body: JSON.stringify({ prompt: "x", image: `file:${createHash("sha256").update(bytes).digest("hex")}` }) };
    for (const [path, sent] of [["/v1/files", { body: bomb }], ["/test/edit", { body: form }], ["/test/edit", inline]] as const) {
      expect((await sendTo("POST", path, sent)).json).toMatchObject({ status: 400, code: "invalid_file", detail: expect.stringContaining("1234 × 5678") });
    }
    expect((await sendTo("POST", "/test/edit", byId)).json).toMatchObject({ status: 400, code: "invalid_file" });
  });

  it("that names a job's output is held to the limits of images, and so is a graph that does", async () => {
    const { send: sendTo } = await open({ limits: { ...limits, maxImagePixels: 3 } });
    const output = z.looseObject({ id: z.string(), outputs: z.tuple([z.looseObject({ sha256: z.string() })]) }).parse((await sendTo("POST", "/test/picture", { body })).json);
    const { sha256 } = output.outputs[0];
    const refused = { status: 400, code: "invalid_file", detail: expect.stringContaining("at most 3 are taken") };
    for (const image of [`job:${output.id}#0`, `file:${sha256}`]) {
      expect((await sendTo("POST", "/test/edit", { body: JSON.stringify({ prompt: "x", image }) })).json).toMatchObject({ ...refused, errors: [{ pointer: "/image" }] });
    }
    expect((await sendTo("POST", "/v1/jobs", graph("LoadImage", { image: `file:${sha256}` }))).json).toMatchObject(refused);
  });
});

describe("a form", () => {
  const parts = (count: number, make: (n: number) => string | Blob): FormData => {
    const form = new FormData();
    for (let n = 0; n < count; n += 1) {
      const value = make(n);
      if (typeof value === "string") form.append(`text${n}`, value);
      else form.append(`file${n}`, value, `${n}.bin`);
    }
    return form;
  };

  it.each([
    ["more than 32 files", parts(33, () => new Blob(["x"])), "invalid_multipart", "32 files"],
    ["more than 256 texts", parts(257, () => "x"), "invalid_multipart", "256 text parts"],
    ["too much text in all", parts(20, () => "x".repeat(limits.maxJsonBytes / 10)), "payload_too_large", "text parts"],
  ])("of %s is refused, and nothing of it kept", async (_what, form, code, words) => {
    const { send: sendTo, dir } = await open();
    expect((await sendTo("POST", "/test/edit", { body: form })).json).toMatchObject({ code, detail: expect.stringContaining(words) });
    expect(await readdir(join(dir, "files", "tmp"))).toEqual([]);
  });

  it("is read to so many bytes of a part's headers and no further", async () => {
    const { send: sendTo } = await open();
    const part = (before: string): string => `--b\r\n${before}Content-Disposition: form-data; name="prompt"\r\n\r\nhello\r\n--b--\r\n`;
    const sendPart = async (before: string): Promise<Received> => sendTo("POST", "/test/picture", { body: part(before), headers: { "Content-Type": "multipart/form-data; boundary=b" } });
    expect((await sendPart("")).status).toBe(200);
    expect((await sendPart(`X-Large: ${"x".repeat(20_000)}\r\n`)).status).toBe(400);
  });
});

describe("a graph", () => {
  it("that would write or read elsewhere is refused at the door, naming node and input", async () => {
    const { send: sendTo, deps } = await open();
    expect((await sendTo("POST", "/v1/jobs", graph("SaveImage", { filename_prefix: "../../outside" }))).json).toMatchObject({
      status: 400,
      code: "invalid_graph",
      detail: expect.stringContaining("Node 7 (SaveImage), input filename_prefix"),
      errors: [{ pointer: "/graph/7/inputs/filename_prefix", node_id: "7", class_type: "SaveImage" }],
    });
    expect((await sendTo("POST", "/v1/jobs", graph("LoadImage", { image: "/etc/passwd" }))).json).toMatchObject({ code: "invalid_graph" });
    expect(await deps.jobs.counts()).toMatchObject({ queued: 0, running: 0 });
  });

  it("of too many nodes is refused", async () => {
    const { send: sendTo } = await open({ limits: { ...limits, maxJsonBytes: 10_000_000 } });
    const many = Object.fromEntries(Array.from({ length: 5_001 }, (_, id) => [id, { class_type: "A", inputs: {} }]));
    expect((await sendTo("POST", "/v1/jobs", { body: JSON.stringify({ graph: many }) })).json).toMatchObject({ status: 400, code: "invalid_graph" });
  });

  it("is refused altogether where raw graphs are off, and workflows still run", async () => {
    const { send: sendTo } = await open(withAccess({ rawGraphs: false }));
    expect((await sendTo("POST", "/v1/jobs", graph("Draw", {}))).json).toMatchObject({ status: 403, code: "raw_graphs_off" });
    expect((await sendTo("POST", "/test/picture", { body })).status).toBe(200);
  });

  it.each(["RunPython", "ShellExec", "PyExecute"])("with the denied class %s is refused", async (name) => {
    const { send: sendTo } = await open(withAccess({ deniedNodes: ["RunPython", "*Exec*"] }));
    expect((await sendTo("POST", "/v1/jobs", graph(name, {}))).json).toMatchObject({ status: 403, code: "node_class_denied", errors: [{ node_id: "7" }] });
    expect((await sendTo("POST", "/v1/jobs", graph("RunPython2", {}))).status).toBe(200);
  });
});

describe("a browser", () => {
  const elsewhere = "https://elsewhere.example";
  const friend = "https://friend.example";

  it.each([
    ["POST", "/test/picture", { "Sec-Fetch-Site": "cross-site", Origin: elsewhere }],
    ["POST", "/test/picture", { "Sec-Fetch-Site": "same-site" }],
    ["POST", "/v1/files", { Origin: elsewhere }],
    ["POST", "/v1/files", { Origin: "null" }],
    ["DELETE", "/v1/jobs/x", { "Sec-Fetch-Site": "cross-site" }],
  ])("on a page of another site may not %s %s", async (method, path, headers) => {
    const { send: sendTo, deps } = await open(withAccess({ allowedOrigins: [friend] }));
    expect((await sendTo(method, path, { headers, body })).json).toMatchObject({ status: 403, code: "origin_not_allowed" });
    expect((await deps.jobs.listJobs({ limit: 1 })).items).toEqual([]);
  });

  it("on a page of an allowed site may, and is told so beforehand", async () => {
    const { send: sendTo } = await open(withAccess({ allowedOrigins: [friend] }));
    const preflight = await sendTo("OPTIONS", "/test/picture", { headers: { Origin: friend, "Access-Control-Request-Method": "POST" } });
    expect([preflight.status, preflight.headers.get("access-control-allow-origin")]).toEqual([204, friend]);
    const answer = await sendTo("POST", "/test/picture", { headers: { Origin: friend, "Sec-Fetch-Site": "cross-site" }, body });
    expect([answer.status, answer.headers.get("access-control-allow-origin"), answer.headers.get("vary")]).toEqual([200, friend, expect.stringContaining("Origin")]);
  });

  it("gets no leave to read for any other site", async () => {
    const { send: sendTo } = await open(withAccess({ allowedOrigins: [friend] }));
    for (const method of ["GET", "OPTIONS"]) {
      const { headers } = await sendTo(method, "/v1/jobs", { headers: { Origin: elsewhere } });
      expect(headers.get("access-control-allow-origin")).toBeNull();
      expect(headers.get("cross-origin-resource-policy")).toBe("same-origin");
    }
  });

  it.each(["rebound.example", "127.0.0.1.nip.io", "localhost.example", "127.0.0.1@x", "10.0.0.1:3000"])("that was led here as %s is sent away", async (Host) => {
    const { send: sendTo } = await open(withAccess({ isLoopbackOnly: true }));
    expect((await sendTo("GET", "/v1/jobs", { headers: { Host } })).json).toMatchObject({ status: 403, code: "host_not_allowed" });
  });

  it.each(["localhost", "LOCALHOST:3000", "127.0.0.1:3000", "127.1.2.3", "[::1]:3000"])("that says %s is let in", async (Host) => {
    const { send: sendTo } = await open(withAccess({ isLoopbackOnly: true }));
    expect((await sendTo("GET", "/v1/jobs", { headers: { Host } })).status).toBe(200);
  });
});

describe("a key", () => {
  it.each([{ "X-API-Key": keyOf("alice") }, { Authorization: `Bearer ${keyOf("alice")}` }, { Authorization: `bearer ${keyOf("alice")}` }])("is taken as %o", async (headers) => {
    expect((await (await open({ access: closedAccess() })).send("GET", "/v1/jobs", { headers })).status).toBe(200);
  });

  it.each([{}, { "X-API-Key": "" }, { "X-API-Key": "wrong-key-0123456789" }, { Authorization: `Basic ${keyOf("alice")}` }, { Cookie: `key=${keyOf("alice")}` }])("is not there in %o", async (headers) => {
    const answer = await (await open({ access: closedAccess() })).send("GET", "/v1/jobs", { headers });
    expect([answer.status, answer.headers.get("www-authenticate")]).toEqual([401, "Bearer"]);
  });

  it.each(["api_key", "key", "X-API-Key", "access_token"])("is not taken from the query %s, which stands in logs and histories", async (name) => {
    expect((await (await open({ access: closedAccess() })).send("GET", `/v1/jobs?${name}=${keyOf("alice")}`)).status).toBe(401);
  });

  it("makes so many requests a minute, and is told when the next one is free", async () => {
    const clock = new HeldClock();
    const { send: sendTo } = await open({ clock, access: closedAccess({ requestsPerMinute: 2, maxRunning: 1, maxQueued: 1 }, clock) });
    const statuses: number[] = [];
    let last: Received | null = null;
    for (let n = 0; n < 3; n += 1) statuses.push((last = await sendTo("GET", "/v1/jobs", { headers: asHolder("alice") })).status);
    expect([statuses, last?.headers.get("retry-after")]).toEqual([[200, 200, 429], "30"]);
    expect((await sendTo("GET", "/v1/jobs", { headers: asHolder("bob") })).status).toBe(200);
    clock.advance(30_000);
    expect((await sendTo("GET", "/v1/jobs", { headers: asHolder("alice") })).status).toBe(200);
  });

  it("has so many jobs waiting, and leaves room for others", async () => {
    const { send: sendTo } = await open({ access: closedAccess({ requestsPerMinute: 1_000, maxRunning: 1, maxQueued: 1 }) }, true);
    const run = async (who: "alice" | "bob"): Promise<Received> => sendTo("POST", "/test/picture", { body, headers: { ...asHolder(who), Prefer: "respond-async" } });
    expect((await run("alice")).status).toBe(202);
    const refused = await run("alice");
    expect([refused.json, refused.headers.get("retry-after")]).toEqual([expect.objectContaining({ status: 429, code: "queue_full" }), expect.stringMatching(/^\d+$/)]);
    expect((await run("bob")).status).toBe(202);
  });

  it("opens closed paths too", async () => {
    const access = { ...closedAccess(), closedPaths: ["health", "docs"] };
    const { send: sendTo } = await open({ access });
    for (const [path, without] of [["/health", 401], ["/docs", 401], ["/ready", 200]] as const) {
      expect((await sendTo("GET", path)).status).toBe(without);
      expect((await sendTo("GET", path, { headers: asHolder("reader") })).status).toBe(200);
    }
  });

  it("stands in no log line, error or status, nor does a link's signature", async () => {
    const lines: string[] = [];
    const note = (fields: object): void => void lines.push(JSON.stringify(fields));
    const logger: Logger = { debug: note, info: note, warn: note, error: note };
    const gateway = await open({ access: closedAccess() });
    const app = createHttpApp({ ...gateway.deps, logger });
    const answers = [
      await send(app, "GET", "/v1/status", { headers: asHolder("alice") }),
      await send(app, "POST", "/test/crash", { headers: asHolder("alice"), body: "{}" }),
      await send(app, "GET", "/v1/jobs/x/outputs/0?expires=1&signature=very-secret"),
      await send(app, "GET", "/v1/jobs", { headers: { "X-API-Key": "wrong-key-0123456789" } }),
    ];
    const said = [...lines, ...answers.map(({ bytes }) => bytes.toString())].join("\n");
    for (const secret of [keyOf("alice"), "wrong-key-0123456789", "very-secret", "secret of the module"]) expect(said.replaceAll(/"err":\{[^}]*\}/g, "")).not.toContain(secret);
    expect(lines.join("")).toContain('"key":"alice"');
  });
});

describe("on a socket", () => {
  async function serving(gateway: Gateway, use: (url: string) => Promise<void>, clock?: HeldClock): Promise<void> {
    const server = await listen(gateway.app, { host: "127.0.0.1", port: 0 }, clock);
    try {
      await use(server.url);
    } finally {
      await server.close();
    }
  }

  it.each([
    ["header", undefined, asHolder("bob")],
    ["subprotocol", ["comfyui-api", `key.${keyOf("bob")}`], {}],
  ] as const)("a stream takes its key from a %s, and tells of own jobs only", async (_how, protocols, headers) => {
    const gateway = await open({ access: closedAccess() });
    const { id } = z.looseObject({ id: z.string() }).parse((await gateway.send("POST", "/test/picture", { body, headers: asHolder("alice") })).json);
    await serving(gateway, async (url) => {
      const socket = new WebSocket(`${url}/v1/stream`, protocols === undefined ? [] : [...protocols], { headers });
      await once(socket, "open");
      expect(socket.protocol).toBe(protocols === undefined ? "" : "comfyui-api");
      socket.send(JSON.stringify({ type: "subscribe", job_id: id }));
      const [message] = await once(socket, "message");
      expect(JSON.parse(String(message))).toMatchObject({ type: "error", problem: { code: "job_not_found" } });
      socket.terminate();
    });
  });

  it("a stream without a key is not opened", async () => {
    await serving(await open({ access: closedAccess() }), async (url) => {
      const socket = new WebSocket(`${url}/v1/stream`);
      const [error] = await once(socket, "error");
      expect(String(error)).toContain("401");
    });
  });

  it("who sends a body a byte at a time is cut off", async () => {
    const clock = new HeldClock();
    const gateway = await open();
    await serving(gateway, async (url) => {
      const socket = connect(Number(new URL(url).port), "127.0.0.1");
      let said = "";
      socket.on("data", (chunk) => {
        said += chunk.toString();
      });
      socket.on("error", () => undefined);
      socket.write("POST /v1/files HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n");
      await vi.waitFor(() => expect(clock.pendingTimers).toBe(1), soon);
      socket.write("x");
      const ended = once(socket, "close");
      clock.advance(30_000);
      await ended;
      expect(said).toMatch(/^HTTP\/1\.1 408 /);
    }, clock);
    expect(clock.pendingTimers).toBe(0);
  });
});
