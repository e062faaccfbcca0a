import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import type { TestContext } from "vitest";

export interface ListeningLine {
  readonly url: string;
  /** All that was sent through it towards the server, in the order it came. */
  readonly heard: () => string;
}

/** A line to a server that keeps every byte that clients send. Ends with its test. */
export async function listeningLine({ onTestFinished }: Pick<TestContext, "onTestFinished">, to: string): Promise<ListeningLine> {
  const target = new URL(to);
  const chunks: Buffer[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((incoming) => {
    const outgoing = connect(Number(target.port), target.hostname);
    for (const [from, into] of [[incoming, outgoing], [outgoing, incoming]] as const) {
      sockets.add(from);
      from.on("error", () => into.destroy());
      from.on("close", () => into.destroy());
    }
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.pipe(outgoing);
    outgoing.pipe(incoming);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(async () => {
    const closed = once(server, "close");
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new TypeError("the line has no port");
  return { url: `http://127.0.0.1:${address.port}`, heard: () => Buffer.concat(chunks).toString("latin1") };
}
