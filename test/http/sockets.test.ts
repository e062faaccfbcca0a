import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { readdir, stat } from "node:fs/promises";
import { createServer, request, type IncomingMessage } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { AppError } from "../../src/errors/app-error.ts";
import { heldBytes } from "../../src/files/spool.ts";
import type { HttpFiles } from "../../src/http/deps.ts";
import { listen, type ListeningServer } from "../../src/http/listen.ts";
import { limits, openGateway, type Gateway } from "./gateway.ts";
import { pngBytes } from "./test-runner.ts";

let gateway: Gateway;
let server: ListeningServer;

beforeEach(async () => {
  gateway = await openGateway();
  server = await listen(gateway.app, { host: "127.0.0.1", port: 0 });
});

afterEach(async () => {
  await server.close();
  await gateway.close();
});

function openFiles({ deps: { files } }: Gateway): HttpFiles {
  return { put: (content, options) => files.put(content, options), describe: (id) => files.describe(id), read: (id, range) => files.read(id, range), bytes: (id) => files.bytes(id) };
}

async function fillDisk(content: AsyncIterable<unknown>): Promise<never> {
  for await (const _ of content) throw new AppError("storage_failed", "The disk is full.");
  throw new Error("nothing came");
}

const port = (): number => Number(new URL(server.url).port);

describe("a caller on a socket", () => {
  it("who hangs up ends its wait, and its job goes on", async () => {
    const leave = new AbortController();
    const answer = fetch(`${server.url}/test/picture`, { method: "POST", body: '{"prompt":"x","fate":"pending"}', signal: leave.signal });
    const idle = gateway.deps.hub.size;
    await expect.poll(() => gateway.deps.hub.size).toBe(idle + 1);
    leave.abort();
    await expect(answer).rejects.toThrow("aborted");
    await expect.poll(() => gateway.deps.hub.size).toBe(idle);
    const page = await gateway.deps.jobs.listJobs({ limit: 10 });
    expect(page.items).toMatchObject([{ status: "queued" }]);
  });

  it("who hangs up in the middle of an upload leaves no file behind", async () => {
    const temp = join(gateway.dir, "files", "tmp");
    // One that is empty is there for the next upload.
    const unfinished = async (): Promise<number> => (await Promise.all((await readdir(temp)).map((name) => stat(join(temp, name))))).filter(({ size }) => size > 0).length;
    const before = await unfinished();
    const sent = request({ port: port(), method: "POST", path: "/test/edit", headers: { "Content-Type": "multipart/form-data; boundary=b", "Content-Length": String(2 * heldBytes) } });
    sent.on("error", () => undefined);
    sent.write('--b\r\nContent-Disposition: form-data; name="image"; filename="a.png"\r\n\r\n');
    sent.write(pngBytes());
    sent.write(Buffer.alloc(heldBytes));
    await expect.poll(unfinished).toBe(before + 1);
    sent.destroy();
    await expect.poll(unfinished).toBe(before);
    expect((await gateway.deps.jobs.listJobs({ limit: 10 })).items).toEqual([]);
  });

  it("who reads late gets every answer whole, though the memory of each is given back once it is sent", async () => {
    const { files } = gateway.deps;
    const contents = Array.from({ length: 24 }, () => randomBytes(1024 * 1024));
    const stored = await Promise.all(contents.map((content) => files.put(Readable.from([content]), { maxBytes: content.length, holdBytes: 2 * content.length })));
    const socket = connect(port(), "127.0.0.1");
    // More than the operating system holds for a reader that does not read.
    for (const [index, { id }] of stored.entries()) socket.write(`GET /v1/files/${id} HTTP/1.1\r\nHost: x\r\nConnection: ${index === 23 ? "close" : "keep-alive"}\r\n\r\n`);
    for (const { id } of stored) await (await fetch(`${server.url}/v1/files/${id}`)).arrayBuffer();
    const answers = await buffer(socket);
    let at = 0;
    for (const content of contents) {
      at = answers.indexOf("\r\n\r\n", at) + 4;
      expect(answers.subarray(at, at + content.length).equals(content)).toBe(true);
      at += content.length;
    }
    expect(at).toBe(answers.length);
  });

  it("who sends too much gets the problem, not a broken connection", async () => {
    const announced = await fetch(`${server.url}/test/picture`, { method: "POST", body: "x".repeat(limits.maxJsonBytes + 1) });
    expect(await announced.json()).toMatchObject({ status: 413, code: "payload_too_large" });
    const body = new FormData();
    body.append("image", new Blob([new Uint8Array(limits.maxFileBytes + 1)]), "a.png");
    const form = await fetch(`${server.url}/test/edit`, { method: "POST", body });
    expect(await form.json()).toMatchObject({ status: 413, code: "payload_too_large" });
  });

  it("who sends in chunks without a length is held to the same limit", async () => {
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connect(port(), "127.0.0.1");
      let text = "";
      socket.on("error", reject);
      socket.on("close", () => resolve(text));
      socket.on("data", (chunk) => {
        text += chunk.toString();
        socket.end();
      });
      const piece = "x".repeat(60_000);
      socket.write("POST /test/picture HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
      for (let n = 0; n < 2; n += 1) socket.write(`${piece.length.toString(16)}\r\n${piece}\r\n`);
    });
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
  });

  it.each([
    ["too large", 413, {}],
    ["too much for the disk", 507, { put: fillDisk }],
  ])("whose upload is refused part-way as %s gets the whole answer while it still sends, and is told that the connection ends", async (_why, status, broken) => {
    const full = await openGateway({ files: { ...openFiles(gateway), ...broken } });
    const serving = await listen(full.app, { host: "127.0.0.1", port: 0 });
    try {
      const socket = connect(Number(new URL(serving.url).port), "127.0.0.1");
      const failed: Error[] = [];
      socket.on("error", (error) => failed.push(error));
      let text = "";
      const answered = Promise.withResolvers<void>();
      socket.on("data", (chunk) => {
        text += chunk.toString();
        if (text.endsWith("}")) answered.resolve();
      });
      socket.write("POST /v1/files HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
      const piece = `ea60\r\n${"x".repeat(60_000)}\r\n`;
      for (let sent = 0; sent < 5; sent += 1) socket.write(piece);
      await answered.promise;
      // It has not looked at the answer yet.
      await new Promise<void>((resolve) => socket.write(piece, () => resolve()));
      expect([text.split("\r\n")[0], /^connection: close\r$/im.test(text), failed]).toEqual([expect.stringMatching(`^HTTP/1.1 ${status} `), true, []]);
      const closed = once(socket, "close");
      socket.end();
      await closed;
      expect(failed).toEqual([]);
    } finally {
      await serving.close();
      await full.close();
    }
  });

  it("whose small request is refused keeps its connection", async () => {
    const answer = await fetch(`${server.url}/test/picture`, { method: "POST", body: '{"prompt":1}' });
    expect([answer.status, answer.headers.get("connection")]).toEqual([400, "keep-alive"]);
  });

  it.each(["/health", "/nothing", "/docs", "/test/picture", "/"])("is told at %s what a browser must not do, once, and the id of its request", async (path) => {
    const direct = await gateway.send("GET", path);
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      request({ port: port(), path, headers: { "X-Request-Id": "mine" } }, resolve).on("error", reject).end();
    });
    answer.resume();
    for (const name of ["x-content-type-options", "referrer-policy", "x-frame-options", "cross-origin-resource-policy", "cross-origin-opener-policy", "content-security-policy"]) {
      expect(answer.headersDistinct[name]).toEqual([direct.headers.get(name)]);
    }
    expect(answer.headersDistinct["x-request-id"]).toEqual(["mine"]);
  });

  it("who asks with HEAD gets the length and no body", async () => {
    const { headers } = await fetch(`${server.url}/test/picture`, { method: "POST", body: '{"prompt":"x"}', headers: { Accept: "image/png" } });
    const answer = await fetch(`${server.url}${headers.get("location")}/outputs/0`, { method: "HEAD" });
    expect(answer.headers.get("content-length")).toBe(String(pngBytes().length));
    expect(await answer.text()).toBe("");
  });
});

describe("a file input", () => {
  const inputs = z.looseObject({ inputs: z.looseObject({ image: z.string() }) });
  const served = createServer((incoming, outgoing) => {
    if (incoming.url === "/photo.png") outgoing.end(pngBytes(9, 9));
    else outgoing.writeHead(404).end();
  });

  async function edit(image: string, at: Gateway = gateway): ReturnType<Gateway["send"]> {
    return at.send("POST", "/test/edit", { body: JSON.stringify({ prompt: "x", image }) });
  }

  async function serving<T>(use: (origin: string) => Promise<T>): Promise<T> {
    await new Promise<void>((resolve) => served.listen(0, "127.0.0.1", resolve));
    try {
      return await use(`http://127.0.0.1:${z.object({ port: z.number() }).parse(served.address()).port}`);
    } finally {
      await new Promise((resolve) => served.close(resolve));
    }
  }

  it("is the same file however it is given", async () => {
    const bytes = pngBytes(9, 9);
    const { id } = z.looseObject({ id: z.string() }).parse((await gateway.send("POST", "/v1/files", { body: new Uint8Array(bytes) })).json);
    const base64 = bytes.toString("base64");
    const given = await serving((origin) => Promise.all([base64, `data:image/png;base64,${base64}`, `file:${id}`, `${origin}/photo.png`].map((image) => edit(image))));
    expect(given.map(({ json }) => inputs.parse(json).inputs.image)).toEqual(Array.from({ length: 4 }, () => `file:${id}`));
  });

  it("may be an output of an earlier job", async () => {
    const job = z.looseObject({ id: z.string(), outputs: z.array(z.looseObject({ sha256: z.string() })) }).parse((await edit(pngBytes().toString("base64"))).json);
    expect((await edit(`job:${job.id}#0`)).json).toMatchObject({ status: "completed", inputs: { image: `file:${job.outputs[0]?.sha256}` } });
    expect((await edit(`job:${job.id}#1`)).json).toMatchObject({ status: 400, code: "invalid_file", errors: [{ pointer: "/image" }] });
  });

  it.each([
    ["photo.png", "invalid_file"],
    [`file:${"0".repeat(64)}`, "invalid_file"],
    ["job:none#0", "invalid_file"],
    ["ftp://host/x.png", "invalid_file"],
    [`data:text/plain,${"hello".repeat(10)}`, "invalid_file"],
  ])("%j is refused with a pointer to the field", async (image, code) => {
    expect((await edit(image)).json).toMatchObject({ status: 400, code, errors: [{ pointer: "/image", message: expect.any(String) }] });
  });

  it("behind a URL that is not there is refused as such", async () => {
    const answer = await serving((origin) => edit(`${origin}/none.png`));
    expect(answer.json).toMatchObject({ status: 400, code: "file_fetch_failed", errors: [{ pointer: "/image" }] });
  });

  it("at a private address is refused unless allowed", async () => {
    const strict = await openGateway({ limits: { ...limits, allowPrivateAddresses: false } });
    try {
      const answer = await serving((origin) => edit(`${origin.replace("http:", "https:")}/photo.png`, strict));
      expect(answer.json).toMatchObject({ status: 400, code: "address_not_allowed", errors: [{ pointer: "/image" }] });
    } finally {
      await strict.close();
    }
  });
});
