import { createServer, type RequestListener, type Server } from "node:http";
import { createServer as createRawServer, type AddressInfo, type Socket } from "node:net";
import { buffer } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { HeldClock } from "../telemetry/held-clock.ts";
import { fetchUrl, type FetchUrlOptions } from "./fetch-url.ts";
import { systemNetwork, type Network } from "./pinned-connection.ts";

/** On a machine that runs everything else at the same time. */
const soon = { timeout: 10_000 };

let clock: HeldClock;
let closing: (() => void)[];

beforeEach(() => {
  clock = new HeldClock();
  closing = [];
});
afterEach(async () => {
  for (const close of closing) close();
  await vi.waitFor(() => {
    if (clock.pendingTimers > 0) throw new Error("a timer was left behind");
  }, soon);
});

function options(parts: Partial<FetchUrlOptions> = {}): FetchUrlOptions {
  return { maxBytes: 1_000_000, timeoutMs: 10_000, allowPrivateAddresses: true, clock, ...parts };
}

interface Served {
  readonly url: URL;
  readonly server: Server;
  readonly requests: string[];
}

/** A real server on a loopback address. */
async function serve(listener: RequestListener, host = "127.0.0.1", port = 0): Promise<Served> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.headers.host?.split(":")[0]} ${request.url}`);
    listener(request, response);
  });
  await new Promise<void>((resolve) => {
    server.listen(port, host, resolve);
  });
  closing.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return { url: new URL(`http://${host}:${portOf(server)}/file.png`), server, requests };
}

function portOf(server: { address(): AddressInfo | string | null }): number {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("not listening");
  return address.port;
}

async function connectionsOf(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)));
  });
}

/** A network of names; what it may reach is everything unless said. */
function namesOf(answers: Readonly<Record<string, readonly string[]>>, mayReach: Network["mayReach"] = () => true): Network & { asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    async resolve(hostname) {
      asked.push(hostname);
      return (answers[hostname] ?? []).map((address) => ({ address, family: address.includes(":") ? 6 : 4 }));
    },
    mayReach,
  };
}

describe("fetchUrl", () => {
  it("gives the bytes and the name, and leaves no connection", async () => {
    const { url, server } = await serve((_request, response) => response.end("the bytes"));
    const { content, filename } = await fetchUrl(url, options());
    expect((await buffer(content)).toString()).toBe("the bytes");
    expect(filename).toBe("file.png");
    await expect.poll(async () => connectionsOf(server)).toBe(0);
  });

  it("prefers the server's own name for the file", async () => {
    const { url } = await serve((_request, response) => response.setHeader("content-disposition", 'attachment; filename="mesh.glb"').end("x"));
    const { content, filename } = await fetchUrl(url, options());
    await buffer(content);
    expect(filename).toBe("mesh.glb");
  });

  it("sends nothing of the gateway's along", async () => {
    const { url } = await serve((request, response) => response.end(Object.keys(request.headers).toSorted().join(" ")));
    const { content } = await fetchUrl(url, options());
    expect((await buffer(content)).toString()).toBe("accept accept-encoding connection host user-agent");
  });

  describe("to a private address", () => {
    const strict = (): FetchUrlOptions => options({ allowPrivateAddresses: false });

    it.each([
      "https://127.0.0.1/", "https://2130706433/", "https://0x7f000001/", "https://0177.0.0.1/", "https://127.1/", "https://0/", "https://[::1]/",
      "https://[::ffff:127.0.0.1]/", "https://[::ffff:7f00:1]/", "https://[::]/", "https://169.254.169.254/latest/meta-data", "https://0xa9fea9fe/",
      "https://[64:ff9b::a9fe:a9fe]/", "https://[fd00:ec2::254]/", "https://192.168.0.1:8188/", "https://１２７.０.０.１/", "https://127。0。0。1/",
    ])("by number is refused: %s", async (text) => {
      await expect(fetchUrl(new URL(text), strict())).rejects.toMatchObject({ code: "address_not_allowed" });
    });

    it("by name is refused, with the system's own resolver", async () => {
      await expect(fetchUrl(new URL("https://localhost/"), strict())).rejects.toMatchObject({ code: "address_not_allowed" });
    });

    it("by a name with one private address among public ones is refused, and nothing is connected to", async () => {
      const network = { ...namesOf({ "mixed.example": ["93.184.215.14", "127.0.0.1"] }), mayReach: systemNetwork(false).mayReach };
      await expect(fetchUrl(new URL("https://mixed.example/"), strict(), network)).rejects.toMatchObject({ code: "address_not_allowed" });
    });

    it("after a redirect is refused", async () => {
      const inner = await serve((_request, response) => response.end("secret"), "127.0.0.2");
      const outer = await serve((_request, response) => response.writeHead(302, { location: inner.url.href }).end());
      const network = namesOf({}, (address) => address === "127.0.0.1");
      await expect(fetchUrl(outer.url, options(), network)).rejects.toMatchObject({ code: "address_not_allowed" });
      expect(inner.requests).toEqual([]);
    });

    it("does not say which address it was", async () => {
      const network = { ...namesOf({ "inner.example": ["10.1.2.3"] }), mayReach: systemNetwork(false).mayReach };
      await expect(fetchUrl(new URL("https://inner.example/"), strict(), network)).rejects.toMatchObject({ detail: expect.not.stringContaining("10.1") });
    });
  });

  it("connects to the address that was checked, although the name changes its mind", async () => {
    const first = await serve((_request, response) => response.end("first"));
    const second = await serve((_request, response) => response.end("second"), "127.0.0.2", portOf(first.server));
    const answers = [["127.0.0.1"], ["127.0.0.2"], ["127.0.0.2"]];
    const checked: string[] = [];
    const network: Network = {
      resolve: async () => (answers.shift() ?? []).map((address) => ({ address, family: 4 })),
      mayReach(address) {
        checked.push(address);
        return address === "127.0.0.1";
      },
    };
    const { content } = await fetchUrl(new URL(`http://rebinding.example:${portOf(first.server)}/`), options(), network);
    expect((await buffer(content)).toString()).toBe("first");
    expect(checked).toEqual(["127.0.0.1"]);
    expect(answers).toHaveLength(2);
    expect(first.requests).toEqual(["rebinding.example /"]);
    expect(second.requests).toEqual([]);
  });

  it("tries the next checked address when the first does not answer", async () => {
    const { url } = await serve((_request, response) => response.end("here"));
    const network = namesOf({ "two.example": ["127.0.0.9", "127.0.0.1"] });
    const { content } = await fetchUrl(new URL(`http://two.example:${url.port}/`), options(), network);
    expect((await buffer(content)).toString()).toBe("here");
  });

  it.each([
    ["plain http", "http://example.com/"],
    ["a user name", "https://user@example.com/"],
    ["a password", "https://:secret@example.com/"],
    ["another scheme", "ftp://example.com/"],
    ["a file", "file:///etc/passwd"],
  ])("refuses %s before it looks up the name", async (_what, text) => {
    const network = namesOf({ "example.com": ["93.184.215.14"] });
    await expect(fetchUrl(new URL(text), options({ allowPrivateAddresses: false }), network)).rejects.toMatchObject({ code: "address_not_allowed" });
    expect(network.asked).toEqual([]);
  });

  describe("follows redirects", () => {
    const hops = (count: number): RequestListener => (request, response) => {
      const left = Number(new URL(request.url ?? "", "http://x").searchParams.get("left") ?? count);
      if (left > 0) response.writeHead(302, { location: `/hop?left=${left - 1}` }).end("ignored");
      else response.end("arrived");
    };

    it("up to five", async () => {
      const { url, requests } = await serve(hops(5));
      const { content, filename } = await fetchUrl(url, options());
      expect((await buffer(content)).toString()).toBe("arrived");
      expect(filename).toBe("hop");
      expect(requests).toHaveLength(6);
    });

    it("and no more", async () => {
      const { url, requests } = await serve(hops(6));
      await expect(fetchUrl(url, options())).rejects.toMatchObject({ code: "file_fetch_failed", detail: expect.stringContaining("5 times") });
      expect(requests).toHaveLength(6);
    });

    it.each(["ftp://example.com/", "file:///etc/passwd", "http://user:pw@127.0.0.1/"])("but not to %s", async (location) => {
      const { url } = await serve((_request, response) => response.writeHead(301, { location }).end());
      await expect(fetchUrl(url, options())).rejects.toMatchObject({ code: "address_not_allowed" });
    });

    it.each([undefined, "http://["])("but not to nowhere: %s", async (location) => {
      const { url } = await serve((_request, response) => response.writeHead(307, location === undefined ? {} : { location }).end());
      await expect(fetchUrl(url, options())).rejects.toMatchObject({ code: "file_fetch_failed" });
    });
  });

  describe("fails with a reason", () => {
    it.each([404, 403, 500, 204, 206, 304])("when the server answers %i", async (status) => {
      const { url } = await serve((_request, response) => response.writeHead(status).end());
      await expect(fetchUrl(url, options())).rejects.toMatchObject({ code: "file_fetch_failed", detail: expect.stringContaining(String(status)) });
    });

    it("when nobody listens", async () => {
      const { url, server } = await serve((_request, response) => response.end());
      await new Promise((resolve) => {
        server.close(resolve);
      });
      await expect(fetchUrl(url, options())).rejects.toMatchObject({ code: "file_fetch_failed", detail: expect.not.stringContaining("ECONN") });
    });

    it("when the name does not exist, or has no address", async () => {
      const failing: Network = { resolve: async () => Promise.reject(new Error("ENOTFOUND")), mayReach: () => true };
      await expect(fetchUrl(new URL("http://a.example/"), options(), failing)).rejects.toMatchObject({ code: "file_fetch_failed" });
      await expect(fetchUrl(new URL("http://a.example/"), options(), namesOf({}))).rejects.toMatchObject({ code: "file_fetch_failed" });
    });

    it("when what answers does not speak HTTP", async () => {
      const url = await serveRaw((socket) => socket.end("220 mail.example ESMTP\r\n"));
      await expect(fetchUrl(url, options())).rejects.toMatchObject({ code: "file_fetch_failed" });
    });

    it("when https meets a server without TLS", async () => {
      const { url } = await serve((_request, response) => response.end());
      await expect(fetchUrl(new URL(url.href.replace("http:", "https:")), options())).rejects.toMatchObject({ code: "file_fetch_failed" });
    });

    it("when the file comes compressed, which could be a bomb", async () => {
      const { url } = await serve((_request, response) => response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync(Buffer.alloc(1_000_000))));
      await expect(fetchUrl(url, options())).rejects.toMatchObject({ code: "file_fetch_failed" });
    });

    it("while the file is read, when the connection breaks off", async () => {
      const url = await serveRaw((socket) => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"));
      const { content } = await fetchUrl(url, options());
      await expect(buffer(content)).rejects.toMatchObject({ code: "file_fetch_failed" });
    });
  });

  describe("a size limit", () => {
    it("holds for what is announced", async () => {
      const { url } = await serve((_request, response) => response.writeHead(200, { "content-length": "11" }).end("12345678901"));
      await expect(fetchUrl(url, options({ maxBytes: 10 }))).rejects.toMatchObject({ code: "payload_too_large" });
    });

    it("holds for what comes unannounced, and ends the connection", async () => {
      const served = await serve((_request, response) => {
        const write = (): void => {
          while (!response.destroyed && response.write(Buffer.alloc(1000)));
        };
        response.on("drain", write);
        write();
      });
      const { content } = await fetchUrl(served.url, options({ maxBytes: 50_000 }));
      await expect(buffer(content)).rejects.toMatchObject({ code: "payload_too_large" });
      await expect.poll(async () => connectionsOf(served.server)).toBe(0);
    });

    it("lets a file of just that size through", async () => {
      const { url } = await serve((_request, response) => response.end("1234567890"));
      const { content } = await fetchUrl(url, options({ maxBytes: 10 }));
      expect(await buffer(content)).toHaveLength(10);
    });
  });

  describe("a time limit", () => {
    it("holds while the name is looked up", async () => {
      const network: Network = {
        resolve: async () => {
          queueMicrotask(() => clock.advance(10_000));
          return new Promise(() => {});
        },
        mayReach: () => true,
      };
      await expect(fetchUrl(new URL("http://slow.example/"), options(), network)).rejects.toMatchObject({
        code: "file_fetch_failed", detail: expect.stringContaining("10 seconds"),
      });
    });

    it("holds while the server is silent", async () => {
      const { url } = await serve(() => clock.advance(10_000));
      await expect(fetchUrl(url, options())).rejects.toMatchObject({ code: "file_fetch_failed", detail: expect.stringContaining("10 seconds") });
    });

    it("holds over all redirects together", async () => {
      const { url } = await serve((_request, response) => {
        clock.advance(4_000);
        response.writeHead(302, { location: "/again" }).end();
      });
      await expect(fetchUrl(url, options())).rejects.toMatchObject({ detail: expect.stringContaining("10 seconds") });
    });

    it("holds while the file comes", async () => {
      const { url } = await serve((_request, response) => response.writeHead(200, { "content-length": "100" }).write("drip"));
      const { content } = await fetchUrl(url, options());
      content.once("data", () => clock.advance(10_000));
      await expect(buffer(content)).rejects.toMatchObject({ code: "file_fetch_failed", detail: expect.stringContaining("10 seconds") });
    });

    it("ends what nobody reads, without harm to the process", async () => {
      const { url, server } = await serve((_request, response) => response.writeHead(200, { "content-length": "100" }).write("drip"));
      const { content } = await fetchUrl(url, options());
      clock.advance(10_000);
      await vi.waitFor(() => expect(content.destroyed).toBe(true), soon);
      await expect(buffer(content)).rejects.toMatchObject({ detail: expect.stringContaining("10 seconds") });
      await expect.poll(async () => connectionsOf(server)).toBe(0);
    });
  });

  describe("a caller who gives up", () => {
    it("before it begins is heard", async () => {
      await expect(fetchUrl(new URL("http://a.example/"), options({ signal: AbortSignal.abort() }), namesOf({}))).rejects.toMatchObject({
        code: "file_fetch_failed", detail: expect.stringContaining("called off"),
      });
    });

    it("while waiting is heard, and the connection ends", async () => {
      const caller = new AbortController();
      const { url, server } = await serve(() => caller.abort());
      await expect(fetchUrl(url, options({ signal: caller.signal }))).rejects.toMatchObject({ detail: expect.stringContaining("called off") });
      await expect.poll(async () => connectionsOf(server)).toBe(0);
    });

    it.each(["before", "while"])("by throwing the content away %s it is read ends the connection", async (when) => {
      const { url, server } = await serve((_request, response) => response.writeHead(200, { "content-length": "100" }).write("drip"));
      const { content } = await fetchUrl(url, options());
      if (when === "while") await content[Symbol.asyncIterator]().next();
      content.destroy();
      await expect.poll(async () => connectionsOf(server)).toBe(0);
    });
  });
});

async function serveRaw(answer: (socket: Socket) => void): Promise<URL> {
  const sockets = new Set<Socket>();
  const server = createRawServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.once("data", () => answer(socket));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  closing.push(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return new URL(`http://127.0.0.1:${portOf(server)}/`);
}
