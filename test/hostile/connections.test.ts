import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { listen, socketLimits, type ListeningServer, type SocketLimits } from "../../src/http/listen.ts";
import { openGateway, type Gateway } from "../http/gateway.ts";

let gateway: Gateway;
let server: ListeningServer | undefined;
const clients: Client[] = [];

beforeEach(async () => {
  gateway = await openGateway();
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.socket.destroy();
  await server?.close();
  server = undefined;
  await gateway.close();
});

interface Client {
  readonly socket: Socket;
  readonly said: () => string;
  /** Resolves what was said when the gateway has closed the connection. */
  readonly closed: Promise<string>;
}

async function open(limits: Partial<SocketLimits>): Promise<() => Client> {
  const serving = await listen(gateway.app, { host: "127.0.0.1", port: 0, limits: { ...socketLimits, ...limits } });
  server = serving;
  return () => {
    const socket = connect(Number(new URL(serving.url).port), "127.0.0.1");
    let said = "";
    socket.on("data", (chunk) => {
      said += chunk.toString();
    });
    // A reset is as good an end as any.
    socket.on("error", () => undefined);
    const client = { socket, said: () => said, closed: new Promise<string>((resolve) => socket.on("close", () => resolve(said))) };
    clients.push(client);
    return client;
  };
}

const wholeRequest = "GET /health HTTP/1.1\r\nHost: h\r\n\r\n";
const answered = /^HTTP\/1\.1 200 /;

describe("a connection", () => {
  it("beyond those that may be open is closed at once, and another is taken when one has gone", async () => {
    const join = await open({ maxConnections: 2 });
    const [first, second] = [join(), join()];
    for (const { socket, said } of [first, second]) {
      socket.write(wholeRequest);
      await expect.poll(said).toMatch(answered);
    }
    const third = join();
    third.socket.write(wholeRequest);
    expect(await third.closed).toBe("");

    first.socket.destroy();
    await expect.poll(async () => {
      const next = join();
      next.socket.write(wholeRequest);
      await Promise.race([next.closed, once(next.socket, "data")]);
      return next.said();
    }).toMatch(answered);
  });

  it.each([
    ["sends nothing", ""],
    ["never ends its headers", "GET /health HTTP/1.1\r\nHost: h\r\nX-Slow: "],
    ["never ends those of a second request", `${wholeRequest}GET /hea`],
  ])("that %s is cut off", async (_what, sent) => {
    const join = await open({ headersTimeoutMs: 50, lookEveryMs: 10 });
    const { socket, closed } = join();
    socket.write(sent);
    const said = await closed;
    expect(said.split("HTTP/1.1 ").slice(1).map((answer) => answer.slice(0, 3))).toEqual(sent.startsWith(wholeRequest) ? ["200", "408"] : ["408"]);
  });

  it("that sends a header byte by byte is cut off, however steadily it does so", async () => {
    const join = await open({ headersTimeoutMs: 50, lookEveryMs: 10 });
    const { socket, closed } = join();
    socket.write("GET /health HTTP/1.1\r\nX-Slow: ");
    // Fewer than the 16 KB that would end it as well.
    for (let sent = 0; sent < 10_000 && !socket.destroyed; sent += 1) await new Promise<void>((resolve) => socket.write("x", () => setImmediate(resolve)));
    // What is on its way to it may be lost with the answer.
    expect(await closed).not.toMatch(answered);
  });

  it("that does not come to the end of its body in time is cut off", async () => {
    const join = await open({ headersTimeoutMs: 50, requestTimeoutMs: 50, lookEveryMs: 10 });
    const { socket, closed } = join();
    socket.write(`POST /v1/files HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n${"x".repeat(50_000)}`);
    expect(await closed).toMatch(/^HTTP\/1\.1 408 /);
  });

  it("that idles after a request is closed", async () => {
    const join = await open({ keepAliveTimeoutMs: 10 });
    const { socket, closed } = join();
    socket.write(wholeRequest);
    expect(await closed).toMatch(answered);
  });

  it("whose headers are too large is refused", async () => {
    const join = await open({});
    const { socket, closed } = join();
    socket.write(`GET /health HTTP/1.1\r\nHost: h\r\nX-Large: ${"x".repeat(17 * 1024)}\r\n\r\n`);
    expect(await closed).toMatch(/^HTTP\/1\.1 431 /);
  });
});
