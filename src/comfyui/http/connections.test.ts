import { spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer as createTlsServer, getCACertificates, setDefaultCACertificates } from "node:tls";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { giveBack } from "../../files/owned-piece.ts";
import { HeldClock } from "../../telemetry/held-clock.ts";
import { parseBackendAddress } from "../backend-address.ts";
import { ComfyHttp } from "../http-client.ts";
import { timeoutsMs } from "../timeouts.ts";

const clock = new HeldClock();
const timeoutMs = 30_000;
const endOfHead = "\r\n\r\n";
const ok = `HTTP/1.1 200 OK\r\ncontent-length: 2${endOfHead}ok`;

/** What came on one connection, and whether it is closed. */
interface Seen {
  text: string;
  isClosed: boolean;
  readonly socket: Socket;
}

interface RawServer {
  readonly port: number;
  readonly connections: Seen[];
}

const toStop: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of toStop.splice(0)) await stop();
  if (clock.pendingTimers > 0) throw new Error("a timer was left behind");
});

async function listening(server: Server, connections: Seen[], host = "127.0.0.1"): Promise<RawServer> {
  server.listen(0, host);
  await once(server, "listening");
  toStop.push(async () => {
    for (const { socket } of connections) socket.destroy();
    server.close();
    await once(server, "close");
  });
  const address = server.address();
  return { port: typeof address === "object" && address !== null ? address.port : 0, connections };
}

function watching(connections: Seen[], answer: (seen: Seen) => void): (socket: Socket) => void {
  return (socket) => {
    const seen: Seen = { text: "", isClosed: false, socket };
    connections.push(seen);
    socket.on("error", () => {});
    socket.once("close", () => (seen.isClosed = true));
    socket.on("data", (bytes: Buffer) => {
      seen.text += bytes.toString("latin1");
      if (/^(?:GET|HEAD)/.test(seen.text) ? seen.text.endsWith(endOfHead) : true) answer(seen);
    });
  };
}

/** Is given each connection when a question has come, or more of one. */
async function serving(answer: (seen: Seen) => void, host?: string): Promise<RawServer> {
  const connections: Seen[] = [];
  return listening(createServer(watching(connections, answer)), connections, host);
}

function asking(url: string): ComfyHttp {
  const http = new ComfyHttp({ address: parseBackendAddress(url), clock });
  toStop.unshift(async () => http.stop());
  return http;
}

function faultOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(() => "answered", (fault: unknown) => fault);
}

const notHttp = "answered something that is not HTTP";
const begin = "HTTP/1.1 200 OK\r\n";

describe("an answer that is none", () => {
  it.each([
    ["a bad status line", "SSH-2.0-OpenSSH_9.6\r\n"],
    ["a bad length", `${begin}content-length: two${endOfHead}ok`],
    ["two lengths", `${begin}content-length: 2\r\ncontent-length: 3${endOfHead}ok`],
    ["a bad size of a chunk", `${begin}transfer-encoding: chunked${endOfHead}zz\r\n`],
    ["length and chunks", `${begin}content-length: 2\r\ntransfer-encoding: chunked${endOfHead}0${endOfHead}`],
    ["bytes behind its end", `${ok}HTTP/1.1 200 OK\r\n`],
    ["an endless head", `${begin}${"x: y\r\n".repeat(20_000)}`],
  ])("for %s, fails the call and never sees another on its connection", async (_name, answer) => {
    const server = await serving(({ socket }) => socket.write(server.connections.length === 1 ? answer : ok));
    const http = asking(`http://127.0.0.1:${server.port}`);
    expect(await faultOf(http.call("/api/queue", { timeoutMs }))).toMatchObject({ reason: notHttp, mayHaveArrived: true });
    await expect.poll(() => server.connections[0]?.isClosed).toBe(true);
    expect((await http.call("/api/queue", { timeoutMs })).text).toBe("ok");
    expect(server.connections).toHaveLength(2);
  });

  it.each([
    ["of known length", `${begin}content-length: 100${endOfHead}half`],
    ["in chunks", `${begin}transfer-encoding: chunked${endOfHead}4\r\nhalf\r\n`],
  ])("for a body %s cut short, fails the call, and one that is open", async (_name, answer) => {
    const server = await serving(({ socket }) => socket.end(answer));
    const http = asking(`http://127.0.0.1:${server.port}`);
    const closed = { reason: "closed the connection", mayHaveArrived: true };
    expect(await faultOf(http.call("/api/queue", { timeoutMs }))).toMatchObject(closed);
    const { body } = await http.open("/api/view", { timeoutMs });
    expect(await faultOf(Array.fromAsync(body))).toMatchObject(closed);
  });

  it("before anything was asked closes the connection, and is not taken for the answer", async () => {
    const server = await serving(({ socket }) => socket.write(ok));
    const http = asking(`http://127.0.0.1:${server.port}`);
    await http.call("/api/queue", { timeoutMs });
    server.connections[0]?.socket.write(`HTTP/1.1 200 OK\r\ncontent-length: 4${endOfHead}evil`);
    await expect.poll(() => server.connections[0]?.isClosed).toBe(true);
    expect((await http.call("/api/queue", { timeoutMs })).text).toBe("ok");
  });

  it("behind a long body is not taken for the answer to the next question", async () => {
    const long = "x".repeat(500_000);
    const server = await serving(({ socket }) => socket.write(server.connections.length === 1 ? `${begin}content-length: ${long.length}${endOfHead}${long}${ok}` : ok));
    const http = asking(`http://127.0.0.1:${server.port}`);
    const first = await faultOf(http.call("/api/view", { timeoutMs }));
    expect(["answered", expect.objectContaining({ reason: notHttp })]).toContainEqual(first);
    const next = await http.call("/api/queue", { timeoutMs });
    expect([next.text, server.connections.length]).toEqual(["ok", 2]);
  });

  it("of more bytes than fit into memory is not read", async () => {
    const server = await serving(({ socket }) => socket.write(`${begin}content-length: 300000000${endOfHead}`));
    const http = asking(`http://127.0.0.1:${server.port}`);
    expect(await faultOf(http.call("/api/queue", { timeoutMs }))).toMatchObject({ reason: "answered with far too many bytes" });
    await expect.poll(() => server.connections[0]?.isClosed).toBe(true);
  });
});

describe("a connection", () => {
  it.each([
    ["that the server says it closes", `HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2${endOfHead}ok`],
    ["of HTTP/1.0", `HTTP/1.0 200 OK\r\ncontent-length: 2${endOfHead}ok`],
  ])("%s is not used again", async (_name, answer) => {
    const server = await serving(({ socket }) => socket.write(answer));
    const http = asking(`http://127.0.0.1:${server.port}`);
    for (const _call of [1, 2]) expect((await http.call("/api/queue", { timeoutMs })).text).toBe("ok");
    expect(server.connections).toHaveLength(2);
  });

  it("that nobody uses is closed before the server closes it, and keeps no process alive until then", async () => {
    const server = await serving(({ socket }) => socket.write(`HTTP/1.1 200 OK\r\nkeep-alive: timeout=2\r\ncontent-length: 2${endOfHead}ok`));
    const alive = (): number => process.getActiveResourcesInfo().filter((resource) => resource === "TCPSocketWrap").length;
    // Those of other tests are closed, but not gone yet.
    await expect.poll(alive).toBe(0);
    await asking(`http://127.0.0.1:${server.port}`).call("/api/queue", { timeoutMs });
    // The server's end of it alone.
    expect(alive()).toBe(1);
    await expect.poll(() => server.connections[0]?.isClosed, { timeout: 10_000 }).toBe(true);
  });

  it("that ends the body of its answer by being closed has brought it whole", async () => {
    const server = await serving(({ socket }) => socket.end(`${begin}${endOfHead.slice(2)}all of it`));
    expect((await asking(`http://127.0.0.1:${server.port}`).call("/api/queue", { timeoutMs })).text).toBe("all of it");
  });

  it("is not used again when the answer came before the form was sent", async () => {
    let answered = false;
    const server = await serving(({ socket, text }) => {
      if (answered && !text.startsWith("GET")) return;
      answered = true;
      socket.write(ok);
      socket.pause();
    });
    const http = asking(`http://127.0.0.1:${server.port}`);
    const form = new FormData();
    form.set("image", new Blob([Buffer.alloc(50_000_000)]), "a.png");
    expect((await http.call("/api/upload/image", { method: "POST", body: form, timeoutMs })).text).toBe("ok");
    expect((await http.call("/api/queue", { timeoutMs })).text).toBe("ok");
    expect(server.connections).toHaveLength(2);
  });

  it("holds a server of a long file to what its reader takes, and spoils no byte, though each piece is given back", async () => {
    const file = randomBytes(32 * 2 ** 20);
    const server = await serving(({ socket }) => {
      socket.write(`${begin}content-length: ${file.length}${endOfHead}`);
      socket.write(file);
    });
    const { body } = await asking(`http://127.0.0.1:${server.port}`).open("/api/view", { timeoutMs });
    const hash = createHash("sha256");
    const take = (piece: Uint8Array): void => {
      hash.update(piece);
      expect(giveBack(piece)).toBe(true);
    };
    take((await body.next()).value ?? Buffer.alloc(0));
    const unsent = (): number => server.connections[0]?.socket.writableLength ?? 0;
    // The kernels' memory fills up, and then nothing moves.
    let before = -1;
    await expect.poll(() => before === (before = unsent())).toBe(true);
    expect(unsent()).toBeGreaterThan(file.length / 2);
    for await (const piece of body) take(piece);
    expect(hash.digest("hex")).toBe(createHash("sha256").update(file).digest("hex"));
    expect(clock.pendingTimers).toBe(0);
  });
});

describe("an address", () => {
  const hasV6 = spawnSync("cat", ["/proc/net/if_inet6"]).stdout.toString().includes("lo");

  it("has its path before each path, its password in each question, and its host told", async () => {
    const server = await serving(({ socket }) => socket.write(ok));
    const http = asking(`http://me:se%20cret@127.0.0.1:${server.port}/comfy/`);
    await http.call("/api/models/a%2F..%20b", { query: { x: "a b&c", y: "" }, timeoutMs });
    const [line, ...headers] = server.connections[0]?.text.split("\r\n") ?? [];
    expect(line).toBe("GET /comfy/api/models/a%2F..%20b?x=a+b%26c&y= HTTP/1.1");
    expect(headers).toContain(`host: 127.0.0.1:${server.port}`);
    expect(headers).toContain(`authorization: Basic ${btoa("me:se cret")}`);
  });

  it("lets no path end its line, or climb out of its folder", async () => {
    const server = await serving(({ socket }) => socket.write(ok));
    const http = asking(`http://127.0.0.1:${server.port}/comfy`);
    await http.call("/api/a\r\nx: y/../ü", { timeoutMs });
    expect(server.connections[0]?.text.split("\r\n")[0]).toBe("GET /comfy/api/%C3%BC HTTP/1.1");
  });

  it.skipIf(!hasV6)("may be one of IPv6", async () => {
    const server = await serving(({ socket }) => socket.write(ok), "::1");
    expect((await asking(`http://[::1]:${server.port}`).call("/api/queue", { timeoutMs })).text).toBe("ok");
    expect(server.connections[0]?.text).toContain(`host: [::1]:${server.port}\r\n`);
  });

  it("sends text as it is, counted in bytes", async () => {
    const body = '{"text":"naïve 漢字 😀"}';
    const server = await serving((seen) => {
      if (Buffer.from(seen.text, "latin1").toString("utf8").endsWith(body)) seen.socket.write(ok);
    });
    await asking(`http://127.0.0.1:${server.port}`).call("/api/prompt", { method: "POST", body, timeoutMs });
    expect(server.connections[0]?.text).toContain(`content-length: ${Buffer.byteLength(body)}\r\n`);
  });
});

// Skipped where there is no openssl to make a certificate with.
describe.skipIf(spawnSync("openssl", ["version"]).status !== 0)("over TLS", () => {
  const trusted = getCACertificates("default");
  let pair: { readonly key: string; readonly cert: string };

  beforeAll(() => {
    const dir = mkdtempSync(join(tmpdir(), "tls-"));
    const [keyFile, certFile] = [join(dir, "key.pem"), join(dir, "cert.pem")];
    const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
    const made = spawnSync("openssl", [
      "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-keyout", keyFile, "-out", certFile, ...subject,
    ]);
    if (made.status !== 0) throw new Error(made.stderr.toString());
    pair = { key: readFileSync(keyFile, "utf8"), cert: readFileSync(certFile, "utf8") };
    rmSync(dir, { recursive: true });
  });
  afterEach(() => setDefaultCACertificates(trusted));
  afterAll(() => setDefaultCACertificates(trusted));

  async function servingTls(answer: (seen: Seen) => void): Promise<RawServer & { readonly names: unknown[] }> {
    const connections: Seen[] = [];
    const names: unknown[] = [];
    const server = createTlsServer(pair, (socket) => {
      names.push(socket.servername);
      watching(connections, answer)(socket);
    });
    return { ...(await listening(server, connections)), names };
  }

  it("answers come whole, small and large, over one connection that was told the name", async () => {
    setDefaultCACertificates([...trusted, pair.cert]);
    const long = "x".repeat(3_000_000);
    const server = await servingTls((seen) => {
      seen.socket.write(seen.text.includes("/api/view") ? `${begin}content-length: ${long.length}${endOfHead}${long}` : ok);
      seen.text = "";
    });
    const http = asking(`https://localhost:${server.port}`);
    // After which a connection is free again.
    const turnOfTheLoop = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
    expect((await http.call("/api/queue", { timeoutMs })).text).toBe("ok");
    await turnOfTheLoop();
    const { body } = await http.open("/api/view", { timeoutMs });
    expect(Buffer.concat(await Array.fromAsync(body)).equals(Buffer.from(long))).toBe(true);
    await turnOfTheLoop();
    expect((await http.call("/api/queue", { timeoutMs })).text).toBe("ok");
    expect(server.names).toEqual(["localhost"]);
  });

  it("a certificate that nobody vouches for, or for another host, is a call that never left", async () => {
    const server = await servingTls(({ socket }) => socket.write(ok));
    const ask = (host: string): Promise<unknown> => faultOf(asking(`https://${host}:${server.port}`).call("/api/queue", { timeoutMs }));
    expect(await ask("localhost")).toMatchObject({ reason: "its TLS certificate is not trusted", mayHaveArrived: false });
    setDefaultCACertificates([...trusted, pair.cert]);
    expect(await ask("127.0.0.1")).toMatchObject({ reason: "its TLS certificate is for another host", mayHaveArrived: false });
    expect(server.connections.every(({ text }) => text === "")).toBe(true);
  });

  it("a server that never shakes hands is a call that never left", async () => {
    const server = await serving(() => undefined);
    const failed = faultOf(asking(`https://127.0.0.1:${server.port}`).call("/api/queue", { timeoutMs }));
    await expect.poll(() => server.connections[0]?.text).not.toBe("");
    clock.advance(timeoutsMs.connect);
    expect(await failed).toMatchObject({ reason: "no connection in time", mayHaveArrived: false });
  });
});
