import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import type { FaultSwitches } from "../faults.ts";
import type { RunRecord } from "../run-record.ts";
import type { ServerLife } from "../server-life.ts";
import { empty, ImitatedTrouble, plain, serverTrouble, type Answer } from "./answer.ts";
import { fileRoutes } from "./file-routes.ts";
import { jobRoutes } from "./job-routes.ts";
import { isForeignOrigin } from "./origin-guard.ts";
import { promptRoutes } from "./prompt-routes.ts";
import { queueRoutes } from "./queue-routes.ts";
import { readBody, targetOf } from "./request.ts";
import { Router } from "./router.ts";
import { systemRoutes } from "./system-routes.ts";

/** Clients only send their feature flags; the real server takes 4 MB a frame. */
const maxFrameBytes = 4 * 1024 * 1024;

const routes = [...promptRoutes, ...queueRoutes, ...systemRoutes, ...fileRoutes, ...jobRoutes];

export interface ServeParams {
  readonly life: ServerLife;
  readonly faults: FaultSwitches;
  readonly record: RunRecord;
}

function bareNamePath(path: string): string {
  return path.startsWith("/api/") ? path.slice("/api".length) : path;
}

async function answerTo(incoming: IncomingMessage, router: Router, { life, faults, record }: ServeParams): Promise<Answer | "reset"> {
  const method = incoming.method ?? "GET";
  const target = targetOf(incoming);
  const path = bareNamePath(target.path);
  const { maxUploadBytes, dialect } = life.params;
  const body = await readBody(incoming, maxUploadBytes);
  const failure = faults.takeFailure(path);
  if (failure !== null) return empty(failure);
  if (isForeignOrigin(incoming.headers)) return empty(403);
  if (dialect === "next" && incoming.headers["sec-fetch-site"] === "cross-site") return empty(403);
  if (method === "OPTIONS") return empty(200);
  if (body === null) return plain(413, `Maximum request body size ${maxUploadBytes} exceeded.`);
  let answer: Answer;
  try {
    const request = { method, ...target, headers: incoming.headers, body };
    answer = await router.dispatch(request, life);
  } catch (error) {
    if (!(error instanceof ImitatedTrouble)) record.crashed(error);
    answer = serverTrouble;
  }
  const accepted = method === "POST" && path === "/prompt" && answer.status === 200;
  if (accepted && faults.takeReset()) return "reset";
  if (faults.holdsAnswers(path)) await faults.answerMayGo(path);
  return answer;
}

function send(outgoing: ServerResponse, answer: Answer, withBody: boolean): void {
  const { status, headers, body } = answer;
  const size = typeof body === "string" ? Buffer.byteLength(body) : body.reduce((sum, part) => sum + part.byteLength, 0);
  outgoing.writeHead(status, { "Content-Length": size, ...headers });
  // Head and body leave in one system call, whatever pieces they come in.
  if (!withBody) outgoing.end();
  else if (typeof body === "string") outgoing.end(body);
  else {
    for (const part of body) outgoing.write(part);
    outgoing.end();
  }
}

async function respond(incoming: IncomingMessage, outgoing: ServerResponse, router: Router, params: ServeParams): Promise<void> {
  const answer = await answerTo(incoming, router, params);
  if (answer === "reset") incoming.socket.resetAndDestroy();
  else send(outgoing, answer, incoming.method !== "HEAD");
}

function refuseUpgrade(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
}

/** A server for one life of the process; closing it also ends its connections. */
export function createDemoServer(params: ServeParams): Server {
  const sockets = new WebSocketServer({ noServer: true, autoPong: false, maxPayload: maxFrameBytes });
  const router = new Router(routes);
  const server = createServer({ optimizeEmptyRequests: true }, (incoming, outgoing) => {
    // A failure means that the caller went away while it was sending.
    void respond(incoming, outgoing, router, params).catch(() => incoming.destroy());
  });
  server.on("upgrade", (incoming, socket, head) => {
    const { path, query } = targetOf(incoming);
    socket.on("error", () => socket.destroy());
    if (bareNamePath(path) !== "/ws") refuseUpgrade(socket, "404 Not Found");
    else if (isForeignOrigin(incoming.headers)) refuseUpgrade(socket, "403 Forbidden");
    else {
      sockets.handleUpgrade(incoming, socket, head, (webSocket) => params.life.hub.connect(webSocket, socket, query.get("clientId") ?? ""));
    }
  });
  return server;
}
