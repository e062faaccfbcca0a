import { once } from "node:events";
import type { Server } from "node:http";
import { createAdaptorServer } from "@hono/node-server";
import type { HttpApp } from "./app.ts";
import { acceptUpgrades, mayUpgrade } from "./stream/upgrade.ts";

/** An answer that is still being sent when the gateway stops has this long: a large output on a slow line is cut off. */
const lastAnswersMs = 5_000;

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
export async function listen(app: HttpApp, params: { readonly host: string; readonly port: number }): Promise<ListeningServer> {
  const server = createAdaptorServer({ fetch: app.fetch, hostname: params.host, serverOptions: { shouldUpgradeCallback: mayUpgrade } });
  if (!("closeIdleConnections" in server)) throw new TypeError("expected an HTTP/1.1 server");
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
