import { Agent as HttpAgent, type ClientRequest, type IncomingHttpHeaders, type IncomingMessage, request as requestHttp } from "node:http";
import { Agent as HttpsAgent, request as requestHttps } from "node:https";
import { Readable } from "node:stream";
import type { Clock } from "../telemetry/clock.ts";
import type { BackendAddress } from "./backend-address.ts";
import { ConnectionFault } from "./connection-fault.ts";
import { timeoutsMs } from "./timeouts.ts";
import { UnderWay } from "./under-way.ts";

/**
 * Most bytes of an answer that is read into memory: the queue holds the whole graph of everything that waits, and a
 * history entry the printed tensors of a failure; more than this is not an answer but an attack.
 */
const maxAnswerBytes = 256 * 2 ** 20;

/** A connection that nobody uses is closed after this: before any server does it, which would meet the next call on its way. */
const idleConnectionMs = 4_000;

export interface Call {
  readonly method?: "GET" | "HEAD" | "POST";
  readonly query?: Readonly<Record<string, string>>;
  /** Text is sent as JSON. */
  readonly body?: string | FormData;
  /** Told when the system has all of the request, or it will never have. */
  readonly written?: () => void;
  /** Until the answer is there whole (`call`) or its head is there (`open`). */
  readonly timeoutMs: number;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** An answer whose body has not been read. */
export interface OpenAnswer {
  readonly status: number;
  /** Must be read to its end or destroyed: else the connection stays. */
  readonly body: Readable;
}

async function readText(body: Readable): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  body.on("data", (chunk: Uint8Array) => {
    size += chunk.byteLength;
    if (size > maxAnswerBytes) body.destroy(new ConnectionFault({ reason: "answered with far too many bytes", mayHaveArrived: true }));
    else chunks.push(chunk);
  });
  await new Promise<void>((resolve, reject) => body.once("end", resolve).once("error", reject));
  return Buffer.concat(chunks).toString("utf8");
}

/** A connection that was kept, and that the server closed just as the call went out on it. */
function metClosedConnection(request: ClientRequest, error: Error): boolean {
  return request.reusedSocket && "code" in error && (error.code === "ECONNRESET" || error.code === "EPIPE");
}

/**
 * HTTP to one ComfyUI server, over connections that are kept. Sends none of a caller's headers, so `Origin` and
 * `Sec-Fetch-Site`, which ComfyUI answers with 403 (comfyui-protocol.md §1.0), cannot get through. Follows no redirect:
 * it leads to a login page or to another host, never to ComfyUI. Rejects with {@link ConnectionFault} only.
 */
export class ComfyHttp {
  readonly #address: BackendAddress;
  readonly #clock: Clock;
  readonly #http = new HttpAgent({ keepAlive: true, timeout: idleConnectionMs });
  readonly #https = new HttpsAgent({ keepAlive: true, timeout: idleConnectionMs });
  readonly #underWay = new Set<UnderWay>();
  readonly #faultListeners = new Set<(fault: ConnectionFault) => void>();

  constructor(params: { readonly address: BackendAddress; readonly clock: Clock }) {
    this.#address = params.address;
    this.#clock = params.clock;
  }

  /** Told of every call that brought no answer. */
  onFault(listener: (fault: ConnectionFault) => void): void {
    this.#faultListeners.add(listener);
  }

  async call(path: string, call: Call): Promise<Answer> {
    return this.#within(call.timeoutMs, async (underWay) => {
      const response = await this.#send(path, call, underWay);
      return { status: response.statusCode ?? 0, headers: response.headers, text: await readText(response) };
    });
  }

  async open(path: string, call: Call): Promise<OpenAnswer> {
    const body = await this.#within(call.timeoutMs, (underWay) => this.#send(path, call, underWay));
    const underWay = new UnderWay();
    underWay.is(body);
    this.#underWay.add(underWay);
    body.once("close", () => this.#underWay.delete(underWay));
    return { status: body.statusCode ?? 0, body };
  }

  /** Breaks off every call under way. */
  stop(): void {
    const reason = new ConnectionFault({ reason: "the gateway stopped", mayHaveArrived: true });
    for (const underWay of this.#underWay) underWay.end(reason);
    this.#http.destroy();
    this.#https.destroy();
  }

  /** @param run rejects with the fault that `underWay` is ended with */
  async #within<T>(timeoutMs: number, run: (underWay: UnderWay) => Promise<T>): Promise<T> {
    const underWay = new UnderWay();
    this.#underWay.add(underWay);
    const timer = this.#clock.after(timeoutMs, () => underWay.end(ConnectionFault.timeout(timeoutMs)));
    try {
      return await run(underWay);
    } catch (error) {
      const fault = ConnectionFault.from(error);
      underWay.end(fault);
      for (const listener of this.#faultListeners) listener(fault);
      throw fault;
    } finally {
      timer.cancel();
      this.#underWay.delete(underWay);
    }
  }

  async #send(path: string, call: Call, underWay: UnderWay): Promise<IncomingMessage> {
    for (;;) {
      const request = this.#request(path, call);
      underWay.is(request);
      if (call.written !== undefined) request.once("finish", call.written).once("close", call.written);
      const limit = this.#limitConnect(request);
      try {
        const response = await new Promise<IncomingMessage>((resolve, reject) => request.once("response", resolve).on("error", reject));
        underWay.is(response);
        return response;
      } catch (error) {
        // Only what changes nothing is sent again: the other may have arrived.
        const again = call.method !== "POST" && error instanceof Error && metClosedConnection(request, error);
        if (!again) throw error;
      } finally {
        limit();
      }
    }
  }

  #request(path: string, { method = "GET", query, body }: Call): ClientRequest {
    const url = this.#address.http(path, query);
    const headers: Record<string, string> = { accept: "*/*", "accept-encoding": "identity" };
    if (this.#address.authorization !== null) headers["authorization"] = this.#address.authorization;
    if (typeof body === "string") {
      headers["content-type"] = "application/json";
      headers["content-length"] = String(Buffer.byteLength(body));
    }
    // What fetch makes of a form, without reading its files into memory.
    const form = body instanceof FormData ? new Response(body) : null;
    const formType = form?.headers.get("content-type");
    if (typeof formType === "string") headers["content-type"] = formType;
    const request = url.startsWith("https:") ? requestHttps(url, { method, headers, agent: this.#https }) : requestHttp(url, { method, headers, agent: this.#http });
    if (form?.body === null || form === null) request.end(typeof body === "string" ? body : undefined);
    else Readable.from(form.body).on("error", (error) => request.destroy(error)).pipe(request);
    return request;
  }

  /** @returns ends the limit */
  #limitConnect(request: ClientRequest): () => void {
    let cancel = (): void => undefined;
    request.once("socket", (socket) => {
      if (!socket.connecting) return;
      const timer = this.#clock.after(timeoutsMs.connect, () => request.destroy(new ConnectionFault({ reason: "no connection in time", mayHaveArrived: false })));
      cancel = () => timer.cancel();
      socket.once("connect", cancel);
    });
    return () => cancel();
  }
}
