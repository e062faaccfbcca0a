import { once } from "node:events";
import { createServer as createHttpServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from "node:http";
import { createServer as createRawServer } from "node:net";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { HeldClock } from "../telemetry/held-clock.ts";
import type { Network } from "./pinned-connection.ts";
import { postRefusal, postUrl, type PostUrlOptions } from "./post-url.ts";

const options: PostUrlOptions = { headers: { "x-test": "1" }, body: "hällo", timeoutMs: 15_000, allowPrivateAddresses: true };

let server: Server;
let answer: RequestListener;
let received: { request: IncomingMessage; body: string }[];

const portOf = (of: { address(): unknown }): number => z.object({ port: z.number() }).parse(of.address()).port;
const at = (path: string): URL => new URL(`http://127.0.0.1:${portOf(server)}${path}`);

beforeEach(async () => {
  received = [];
  answer = (_request, response) => response.writeHead(204).end();
  const receive = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    received.push({ request, body: await text(request) });
    answer(request, response);
  };
  server = createHttpServer((request, response) => void receive(request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

describe("postUrl", () => {
  it("sends body and headers, and tells the status", async () => {
    expect(await postUrl(at("/hook?x=1"), options)).toEqual({ statusCode: 204, retryAfter: null, error: null });
    expect(received.map(({ request: { method, url, headers }, body }) => ({ method, url, test: headers["x-test"], body }))).toEqual([
      { method: "POST", url: "/hook?x=1", test: "1", body: "hällo" },
    ]);
  });

  it("follows no redirect", async () => {
    answer = (_request, response) => response.writeHead(307, { location: "/elsewhere" }).end();
    expect(await postUrl(at("/"), options)).toMatchObject({ statusCode: 307 });
    expect(received).toHaveLength(1);
  });

  it("tells what the receiver wishes, and reads no body however long it is", async () => {
    answer = (_request, response) => {
      response.writeHead(503, { "retry-after": "120" });
      response.write("x".repeat(1000));
    };
    expect(await postUrl(at("/"), options)).toEqual({ statusCode: 503, retryAfter: "120", error: null });
    await expect.poll(() => received[0]?.request.socket.destroyed).toBe(true);
  });

  it("gives up on a receiver that does not answer, and lets go of it", async () => {
    const clock = new HeldClock();
    answer = () => undefined;
    const result = postUrl(at("/"), { ...options, clock });
    await expect.poll(() => received).toHaveLength(1);
    clock.advance(15_000);
    expect(await result).toEqual({ statusCode: null, retryAfter: null, error: "The receiver did not answer within 15 seconds." });
    expect(clock.pendingTimers).toBe(0);
    await expect.poll(() => received[0]?.request.socket.destroyed).toBe(true);
  });

  it("gives up on a name that is not looked up in time", async () => {
    const clock = new HeldClock();
    const network: Network = { resolve: () => new Promise(() => undefined), mayReach: () => true };
    const result = postUrl(new URL("https://hooks.example/"), { ...options, clock }, network);
    clock.advance(15_000);
    expect((await result).error).toContain("within 15 seconds");
  });

  it("is called off by its signal", async () => {
    const stop = new AbortController();
    answer = () => stop.abort();
    expect(await postUrl(at("/"), { ...options, signal: stop.signal })).toEqual({ statusCode: null, retryAfter: null, error: "Sending was called off." });
  });

  it("tells of a receiver that is not there or hangs up, without its address", async () => {
    const raw = createRawServer((socket) => socket.destroy());
    raw.listen(0, "127.0.0.1");
    await once(raw, "listening");
    const url = new URL(`http://127.0.0.1:${portOf(raw)}/`);
    expect((await postUrl(url, options)).error).toBe("The receiver could not be reached, or broke off (ECONNRESET).");
    await new Promise((resolve) => raw.close(resolve));
    expect((await postUrl(url, options)).error).toBe("The receiver could not be reached, or broke off (ECONNREFUSED).");
  });

  const resolvedTo = (...addresses: readonly string[]): Network => ({
    resolve: async () => addresses.map((address) => ({ address, family: 4 })),
    mayReach: (address) => address !== "10.0.0.1",
  });

  it("sends nothing to a name with a private address among its own", async () => {
    expect(await postUrl(new URL("https://hooks.example/"), { ...options, allowPrivateAddresses: false }, resolvedTo("192.0.2.1", "10.0.0.1"))).toMatchObject({
      statusCode: null,
      error: expect.stringContaining("private"),
    });
  });

  it("connects to the address that was checked and asks no one again", async () => {
    const url = new URL(`http://hooks.example:${portOf(server)}/`);
    expect(await postUrl(url, options, resolvedTo("127.0.0.1"))).toMatchObject({ statusCode: 204 });
    expect(received[0]?.request.headers.host).toBe(url.host);
  });

  it.each(["http://127.0.0.1/", "https://127.0.0.1/", "https://[::1]/", "https://localhost/", "https://169.254.169.254/"])("by default sends nothing to %s", async (url) => {
    expect(await postUrl(new URL(url), { ...options, allowPrivateAddresses: false })).toMatchObject({ statusCode: null, error: expect.any(String) });
    expect(received).toEqual([]);
  });
});

describe("postRefusal", () => {
  it.each([
    ["https://hooks.example/a", false],
    ["https://8.8.8.8/", false],
    ["http://127.0.0.1:9000/", true],
  ])("has nothing against %s with private addresses allowed: %s", (url, allow) => {
    expect(postRefusal(new URL(url), allow)).toBeNull();
  });

  it.each([
    ["http://hooks.example/", false, "plain http"],
    ["ftp://hooks.example/", true, "https:"],
    ["https://user:secret@hooks.example/", true, "password"],
    ["https://10.0.0.1/", false, "private"],
    ["https://[::ffff:127.0.0.1]/", false, "private"],
  ])("refuses %s with private addresses allowed: %s", (url, allow, reason) => {
    expect(postRefusal(new URL(url), allow)).toContain(reason);
  });
});
