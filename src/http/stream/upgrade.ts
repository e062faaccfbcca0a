import type { IncomingMessage, Server } from "node:http";
import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import type { HttpApp } from "../app.ts";
import type { OpenSocket } from "../route.ts";
import { streamPath } from "./messages.ts";

/** Readers send names of jobs and numbers. */
const maxMessageBytes = 16 * 1024;

/** Sockets that were upgraded, which a server does not close by itself. */
export interface Upgraded {
  /** Without a farewell. */
  terminateAll(): void;
}

/** For the server's `shouldUpgradeCallback`: any other request that asks for an upgrade is answered as if it had not, which HTTP allows. */
export function mayUpgrade({ method, url = "", headers }: IncomingMessage): boolean {
  return method === "GET" && headers.upgrade?.toLowerCase() === "websocket" && url.split("?")[0] === streamPath;
}

function toRequest({ url = "", headersDistinct }: IncomingMessage): Request {
  const headers = new Headers();
  for (const [name, values = []] of Object.entries(headersDistinct)) for (const value of values) headers.append(name, value);
  return new Request(`http://gateway${url}`, { headers });
}

/** The one that is spoken; the other that a page may name carries its key, and is not repeated. */
function handleProtocols(offered: ReadonlySet<string>): string | false {
  return offered.has("comfyui-api") ? "comfyui-api" : false;
}

/** Answers without an upgrade, and ends the connection. */
async function refuse(socket: Duplex, response: Response): Promise<void> {
  const body = Buffer.from(await response.arrayBuffer());
  const headers = { ...Object.fromEntries(response.headers), "content-length": String(body.length), connection: "close" };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(Buffer.concat([Buffer.from(`HTTP/1.1 ${response.status} ${STATUS_CODES[response.status] ?? ""}\r\n${lines.join("")}\r\n`), body]));
}

/** Lets the app answer requests for a WebSocket like any others: its door lets them in, and its route says who is let in. */
export function acceptUpgrades(server: Server, app: HttpApp): Upgraded {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: maxMessageBytes, perMessageDeflate: false, handleProtocols });

  async function answer(incoming: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const opened: OpenSocket[] = [];
    const upgrade = (open: OpenSocket): Response => {
      opened.push(open);
      return new Response(null, { status: 200 });
    };
    const response = await app.fetch(toRequest(incoming), { upgrade });
    const [open] = opened;
    if (open === undefined) await refuse(socket, response);
    else sockets.handleUpgrade(incoming, socket, head, open);
  }

  server.on("upgrade", (incoming: IncomingMessage, socket: Duplex, head: Buffer) => {
    const broken = (error?: unknown): void => {
      socket.destroy(error instanceof Error ? error : undefined);
    };
    socket.on("error", () => broken());
    answer(incoming, socket, head).catch(broken);
  });
  return {
    terminateAll() {
      for (const socket of sockets.clients) socket.terminate();
    },
  };
}
