import { once } from "node:events";
import type { Server } from "node:http";
import { createAdaptorServer } from "@hono/node-server";
import type { HttpApp } from "./app.ts";
import { systemClock, type Clock } from "../telemetry/clock.ts";
import { cutOffSlowBodies } from "./slow-bodies.ts";
import { acceptUpgrades, mayUpgrade } from "./stream/upgrade.ts";

/** An answer that is still being sent when the gateway stops has this long: a large output on a slow line is cut off. */
const lastAnswersMs = 5_000;

/** Of the line and the headers together: a proxy sends them in one piece, and a phone on a bad line within seconds. */
const headersTimeoutMs = 15_000;

/** Of a whole request: 2 GB at 5 Mbit/s. Bodies that come slower than a trickle are cut off long before. */
const requestTimeoutMs = 3_600_000;

/** Of a connection between two requests. */
const keepAliveTimeoutMs = 5_000;

/** Open at a time, idle ones too: below the 1024 files that a process may have open on most systems. */
const maxConnections = 800;

/** Node's own default, said here because it is a promise. */
const maxHeaderBytes = 16 * 1024;

const serverOptions = {
  shouldUpgradeCallback: mayUpgrade,
  headersTimeout: headersTimeoutMs,
  requestTimeout: requestTimeoutMs,
  keepAliveTimeout: keepAliveTimeoutMs,
  // How often Node looks for requests that are late.
  connectionsCheckingInterval: 5_000,
  maxHeaderSize: maxHeaderBytes,
} as const;

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
export async function listen(app: HttpApp, params: { readonly host: string; readonly port: number }, clock: Clock = systemClock): Promise<ListeningServer> {
  const server = createAdaptorServer({ fetch: app.fetch, hostname: params.host, serverOptions });
  if (!("closeIdleConnections" in server)) throw new TypeError("expected an HTTP/1.1 server");
  server.maxConnections = maxConnections;
  cutOffSlowBodies(server, clock);
  const upgraded = acceptUpgrades(server, app);
  server.listen(params.port, params.host);
  await once(server, "listening");
  return {
    url: urlOf(server, params.host),
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
