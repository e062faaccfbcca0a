import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";
import { WebSocketServer, type WebSocket } from "ws";

export interface ReceivedRequest {
  readonly method: string;
  /** With its query. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface ScriptedServer {
  readonly url: string;
  readonly requests: readonly ReceivedRequest[];
  /** Socket handshakes, oldest first. */
  readonly upgrades: readonly IncomingMessage[];
  /** Every connection that was ever made, oldest first. */
  readonly sockets: readonly WebSocket[];
  stop(): Promise<void>;
}

export interface Script {
  readonly answer?: ((request: ReceivedRequest, response: ServerResponse) => void) | undefined;
  readonly connected?: (socket: WebSocket) => void;
  /** false: the peer's pings are not answered, as on a half-open connection. */
  readonly autoPong?: boolean;
}

/** For tests: a server on a loopback port that does what the script says, faults included. */
export async function startScriptedServer(script: Script): Promise<ScriptedServer> {
  const requests: ReceivedRequest[] = [];
  const upgrades: IncomingMessage[] = [];
  const sockets: WebSocket[] = [];
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const received = { method: request.method ?? "", url: request.url ?? "", headers: request.headers, body: await buffer(request) };
    requests.push(received);
    if (script.answer === undefined) response.writeHead(404).end();
    else script.answer(received, response);
  };
  const server = createServer((request, response) => void serve(request, response));
  const socketServer = new WebSocketServer({ server, autoPong: script.autoPong ?? true });
  socketServer.on("connection", (socket, request) => {
    sockets.push(socket);
    upgrades.push(request);
    socket.on("error", () => socket.terminate());
    script.connected?.(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new TypeError("the server listens on no port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    requests,
    upgrades,
    sockets,
    async stop() {
      for (const socket of sockets) socket.terminate();
      socketServer.close();
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
