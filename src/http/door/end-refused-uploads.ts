import type { Clock } from "../../telemetry/clock.ts";
import type { IncomingBody } from "../route.ts";

/** For a client to see the answer and stop sending: many look only between two pieces of what they send. */
const lingerMs = 2_000;

/** Resolves once no more of the body comes, or the client had its time. What comes until then is dropped. */
async function drained(incoming: IncomingBody, clock: Clock): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = clock.after(lingerMs, resolve);
  // The stream over it that was given up still listens: it would keep what comes, and stop when it has enough.
  incoming.removeAllListeners("data");
  incoming.on("data", () => undefined);
  incoming.on("end", resolve);
  incoming.on("close", resolve);
  incoming.resume();
  await promise;
  timer.cancel();
}

/** Everything that is to be sent at once, and the end of the answer when `ended` resolves. */
function heldOpen(bytes: Uint8Array, ended: Promise<void>): ReadableStream<Uint8Array> {
  let isGone = false;
  return new ReadableStream<Uint8Array>({
    async start(controller) {
      controller.enqueue(bytes);
      await ended;
      if (!isGone) controller.close();
    },
    cancel() {
      isGone = true;
    },
  });
}

/**
 * Whoever is refused before its body has come whole is told that the connection ends (RFC 9112 §9.6), so that it need not
 * send the rest: 2 GB perhaps. The connection is closed a little later than the answer is sent; closing it while bytes are
 * on their way would have the system throw the answer away on the client's side.
 */
export async function endingUpload(answer: Response, incoming: IncomingBody, clock: Clock): Promise<Response> {
  const headers = new Headers(answer.headers);
  const bytes = new Uint8Array(await answer.arrayBuffer());
  headers.set("Connection", "close");
  headers.set("Content-Length", String(bytes.byteLength));
  return new Response(heldOpen(bytes, drained(incoming, clock)), { status: answer.status, headers });
}
