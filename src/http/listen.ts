import { once } from "node:events";
import type { Server } from "node:http";
import { createAdaptorServer } from "@hono/node-server";
import type { HttpApp } from "./app.ts";
import { systemClock, type Clock } from "../telemetry/clock.ts";
import { SocketAnswer } from "./door/standing-headers.ts";
import { cutOffSlowBodies } from "./slow-bodies.ts";
import { acceptUpgrades, mayUpgrade } from "./stream/upgrade.ts";

/** An answer that is still being sent when the gateway stops has this long: a large output on a slow line is cut off. */
const lastAnswersMs = 5_000;

/** What connections may take up. Tests set smaller ones. */
export interface SocketLimits {
  /** From the opening of a connection, or the first byte of a further request, to the end of the headers. */
  readonly headersTimeoutMs: number;
  /** Of a whole request, to the end of its body. */
  readonly requestTimeoutMs: number;
  /** Of a connection between two requests. Node adds a second, so that a request on its way still finds it open. */
  readonly keepAliveTimeoutMs: number;
  /** How often Node looks for requests that are late. */
  readonly lookEveryMs: number;
  /** Open at a time, idle ones too; one more is closed at once. */
  readonly maxConnections: number;
}

export const socketLimits: SocketLimits = {
  // A proxy sends them in one piece, and a phone on a bad line within seconds.
  headersTimeoutMs: 15_000,
  // 2 GB at 5 Mbit/s. Bodies that come slower than a trickle are cut off long before.
  requestTimeoutMs: 3_600_000,
  keepAliveTimeoutMs: 5_000,
  lookEveryMs: 5_000,
  // Below the 1024 files that a process may have open on most systems.
  maxConnections: 800,
};

/** Node's own default, said here because it is a promise. */
const maxHeaderBytes = 16 * 1024;

interface Listen {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly limits?: SocketLimits;
}

export interface ListeningServer {
  /** With the port that was taken; no trailing slash. */
  readonly url: string;
  /** Takes no more connections; resolves when those there are have ended. */
  close(): Promise<void>;
}

function urlOf(server: Server, host: string): string {
  const address = server.address();
  if (address === null || typeof address === "string") throw new TypeError("the server listens on no port");
  return `http://${host.includes(":") ? `[${host}]` : host}:${address.port}`;
}

/** Rejects with the system's error (EADDRINUSE …) when it cannot listen there. */
export async function listen(app: HttpApp, { host, port, limits = socketLimits }: Listen, clock: Clock = systemClock): Promise<ListeningServer> {
  const serverOptions = {
    ServerResponse: SocketAnswer,
    shouldUpgradeCallback: mayUpgrade,
    headersTimeout: limits.headersTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    connectionsCheckingInterval: limits.lookEveryMs,
    maxHeaderSize: maxHeaderBytes,
  };
  const server = createAdaptorServer({ fetch: app.fetch, hostname: host, serverOptions });
  if (!("closeIdleConnections" in server)) throw new TypeError("expected an HTTP/1.1 server");
  server.maxConnections = limits.maxConnections;
  cutOffSlowBodies(server, clock);
  const upgraded = acceptUpgrades(server, app);
  server.listen(port, host);
  await once(server, "listening");
  return {
    url: urlOf(server, host),
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeIdleConnections();
      const cutOff = setTimeout(() => {
        server.closeAllConnections();
        upgraded.terminateAll();
      }, lastAnswersMs);
      await closed;
      clearTimeout(cutOff);
    },
  };
}
