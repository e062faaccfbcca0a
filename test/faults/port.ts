import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";

/**
 * A port that a server can leave and come back to. It lies below the range from which Linux takes the ports of outgoing
 * connections: one of those could be taken while the server is down, even by a client that tries to reach it.
 */
export async function lastingPort(): Promise<number> {
  for (;;) {
    const port = randomInt(15_000, 32_000);
    const server = createServer();
    server.listen(port, "127.0.0.1");
    const isFree = await Promise.race([once(server, "listening").then(() => true), once(server, "error").then(() => false)]);
    if (!isFree) continue;
    const closed = once(server, "close");
    server.close();
    await closed;
    return port;
  }
}
