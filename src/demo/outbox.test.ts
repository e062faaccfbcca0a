import { once } from "node:events";
import { createServer } from "node:http";
import { PassThrough, type Duplex } from "node:stream";
import { expect, it, onTestFinished, vi } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { messageFrame, Outbox } from "./outbox.ts";

interface Pair {
  /** The server's side, and what it writes to. */
  readonly socket: WebSocket;
  readonly connection: Duplex;
  readonly client: WebSocket;
  /** What the client hears, in order. */
  readonly heard: readonly (string | Buffer)[];
}

async function openPair(): Promise<Pair> {
  const http = createServer();
  const server = new WebSocketServer({ noServer: true, autoPong: false });
  const accepted = new Promise<Pick<Pair, "socket" | "connection">>((resolve) => {
    http.on("upgrade", (incoming, connection, head) => {
      server.handleUpgrade(incoming, connection, head, (socket) => resolve({ socket, connection }));
    });
  });
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  const address = http.address();
  const client = new WebSocket(`ws://127.0.0.1:${typeof address === "object" ? (address?.port ?? 0) : 0}`);
  const heard: (string | Buffer)[] = [];
  client.on("message", (data, isBinary) => {
    if (Buffer.isBuffer(data)) heard.push(isBinary ? data : data.toString());
  });
  client.on("pong", (data) => heard.push(`pong ${data.toString()}`));
  onTestFinished(async () => {
    client.terminate();
    http.closeAllConnections();
    await new Promise((resolve) => http.close(resolve));
  });
  await once(client, "open");
  return { ...(await accepted), client, heard };
}

it.each([0, 1, 125, 126, 65_535, 65_536, 300_000])("a message of %i bytes arrives whole, text as text and bytes as bytes", async (size) => {
  const { socket, connection, heard } = await openPair();
  const outbox = new Outbox(socket, connection);
  const [text, bytes] = ["x".repeat(size), Buffer.alloc(size, 7)];
  outbox.put(messageFrame(text));
  outbox.put(messageFrame(bytes));
  outbox.letGo();
  await vi.waitFor(() => expect(heard.length).toBe(2));
  expect(heard[0] === text).toBe(true);
  expect(Buffer.isBuffer(heard[1]) && heard[1].equals(bytes)).toBe(true);
});

it("text beyond ASCII arrives as it was", async () => {
  const { socket, connection, heard } = await openPair();
  const outbox = new Outbox(socket, connection);
  outbox.put(messageFrame("größer 画像 🎨"));
  outbox.letGo();
  await vi.waitFor(() => expect(heard).toEqual(["größer 画像 🎨"]));
});

it("what waits goes in one piece, in its order, and only when it is let go", async () => {
  const { socket } = await openPair();
  const wire = new PassThrough();
  const pieces: Buffer[] = [];
  wire.on("data", (piece: Buffer) => pieces.push(piece));
  const outbox = new Outbox(socket, wire);
  const frames = ["a", "b", "c"].map(messageFrame);
  expect(frames.map((frame) => outbox.put(frame))).toEqual([true, false, false]);
  expect(pieces).toEqual([]);
  outbox.letGo();
  outbox.letGo();
  await vi.waitFor(() => expect(pieces).toEqual([Buffer.concat(frames)]));
  expect(outbox.put(messageFrame("d"))).toBe(true);
});

it("a pong does not overtake what waits", async () => {
  const { socket, connection, client, heard } = await openPair();
  const outbox = new Outbox(socket, connection);
  socket.on("ping", (data) => outbox.answerPing(data));
  outbox.put(messageFrame("said before"));
  client.ping("now");
  await vi.waitFor(() => expect(heard).toEqual(["said before", "pong now"]));
});

it("says what it had to say before it is silenced or dropped, and nothing afterwards", async () => {
  const { socket, connection, client, heard } = await openPair();
  const outbox = new Outbox(socket, connection);
  outbox.put(messageFrame("before"));
  outbox.silence();
  expect(outbox.put(messageFrame("after"))).toBe(false);
  await vi.waitFor(() => expect(heard).toEqual(["before"]));
  const closed = once(client, "close");
  outbox.drop();
  await closed;
  expect(heard).toEqual(["before"]);
});

it("says nothing after its close frame", async () => {
  const { socket } = await openPair();
  const wire = new PassThrough();
  const outbox = new Outbox(socket, wire);
  outbox.put(messageFrame("late"));
  socket.close();
  outbox.letGo();
  expect(wire.readableLength).toBe(0);
});
