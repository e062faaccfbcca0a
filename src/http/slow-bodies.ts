import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Clock } from "../telemetry/clock.ts";

/** How often it is looked how much of a body has come. */
const lookEveryMs = 30_000;

/** In that time: a quarter of a kilobyte a second. The worst telephone line brings more. */
const leastBytes = 8 * 1024;

const tooSlow = "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";

/**
 * Cuts off whoever sends a body a byte at a time to hold a connection (slow loris). Only bodies: an answer that waits for
 * its job is silent for minutes, and rightly so.
 */
export function cutOffSlowBodies(server: Server, clock: Clock): void {
  server.on("request", (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const { socket } = incoming;
    const look = (before: number): { cancel(): void } =>
      clock.after(lookEveryMs, () => {
        if (incoming.complete || incoming.destroyed) return;
        if (socket.bytesRead - before >= leastBytes) {
          timer = look(socket.bytesRead);
          return;
        }
        if (!outgoing.headersSent) socket.write(tooSlow);
        socket.destroySoon();
      });
    if (incoming.complete) return;
    let timer = look(socket.bytesRead);
    const end = (): void => timer.cancel();
    incoming.on("end", end);
    incoming.on("close", end);
  });
}
