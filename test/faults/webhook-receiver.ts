import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { z } from "zod";
import { parseJson } from "../../src/json/exact.ts";
import type { Surroundings } from "./host.ts";

const bodySchema = z.looseObject({ type: z.string(), data: z.looseObject({ id: z.string() }) });

export interface Delivery {
  /** The header `webhook-id`. */
  readonly id: string;
  readonly type: string;
  readonly jobId: string;
}

export interface Receiver {
  readonly url: string;
  deliveries(): readonly Delivery[];
}

/** Takes webhooks and answers 204. Ends with the test that started it. */
export async function startReceiver({ onTestFinished }: Surroundings): Promise<Receiver> {
  const deliveries: Delivery[] = [];
  const receive = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { type, data } = bodySchema.parse(parseJson(await text(request)));
    deliveries.push({ id: String(request.headers["webhook-id"]), type, jobId: data.id });
    response.writeHead(204).end();
  };
  const server = createServer((request, response) => void receive(request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = z.object({ port: z.number() }).parse(server.address());
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  });
  return {
    url: `http://127.0.0.1:${address.port}/hook`,
    deliveries: () => deliveries,
  };
}
