import { listen } from "../../src/http/listen.ts";
import { HeldClock } from "../../src/telemetry/held-clock.ts";
import { openGateway, type Gateway } from "./gateway.ts";

/** A gateway that listens on a port, and whose time stands still. */
export interface ListeningGateway extends Gateway {
  readonly url: string;
  readonly clock: HeldClock;
  /** Aborted by the test when the gateway begins to stop; by `close` otherwise. */
  readonly stopping: AbortController;
}

/** @param surroundings of one that starts after another: its clock and its folder */
export async function openListeningGateway(surroundings: { readonly clock?: HeldClock; readonly dir?: string; readonly isIdle?: boolean } = {}): Promise<ListeningGateway> {
  const { clock = new HeldClock(), ...rest } = surroundings;
  const stopping = new AbortController();
  const gateway = await openGateway({ clock, stopping: stopping.signal }, rest);
  const server = await listen(gateway.app, { host: "127.0.0.1", port: 0 });
  const ended = async (end: () => Promise<void>): Promise<void> => {
    stopping.abort();
    await server.close();
    await end();
  };
  return { ...gateway, url: server.url, clock, stopping, shutDown: () => ended(gateway.shutDown), close: () => ended(gateway.close) };
}
