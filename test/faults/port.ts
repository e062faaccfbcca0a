import { randomInt } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer } from "node:net";

const lowest = 15_000;
/** Linux takes the ports of outgoing connections from here on. */
const end = 32_000;

/** What the server lives as long as: a test's context, for one. */
export interface Lifetime {
  readonly onTestFinished: (leave: () => Promise<void>) => void;
}

/** Binds the port for datagrams. @returns how to leave it; null when somebody has it */
async function reserve(port: number): Promise<(() => Promise<void>) | null> {
  const socket = createSocket({ type: "udp4", reuseAddr: false });
  const bound = await new Promise<boolean>((resolve) => {
    socket.once("listening", () => resolve(true)).once("error", () => resolve(false));
    socket.bind({ port, address: "127.0.0.1", exclusive: true });
  });
  const leave = async (): Promise<void> => {
    const closed = once(socket, "close");
    socket.close();
    await closed;
  };
  if (bound) return leave;
  await leave();
  return null;
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const listens = await new Promise<boolean>((resolve) => {
    // Not once(): waiting for one event, it rejects at an error.
    server.once("listening", () => resolve(true)).once("error", () => resolve(false));
    server.listen(port, "127.0.0.1");
  });
  if (!listens) return false;
  const closed = once(server, "close");
  server.close();
  await closed;
  return true;
}

/**
 * A port that a server can leave and come back to until the test has ended. It lies below the range from which Linux
 * takes the ports of outgoing connections: one of those could be taken while the server is down, even by a client that
 * tries to reach it. No other caller gets it meanwhile, in whatever process: the same port is held for datagrams, which
 * no server here receives.
 */
export async function lastingPort({ onTestFinished }: Lifetime): Promise<number> {
  for (;;) {
    const port = randomInt(lowest, end);
    const leave = await reserve(port);
    if (leave === null) continue;
    if (await isFree(port)) {
      onTestFinished(leave);
      return port;
    }
    await leave();
  }
}
