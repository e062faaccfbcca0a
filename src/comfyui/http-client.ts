import type { Clock } from "../telemetry/clock.ts";
import type { BackendAddress } from "./backend-address.ts";
import { ConnectionFault } from "./connection-fault.ts";

/**
 * Most bytes of an answer that is read into memory: the queue holds the whole graph of everything that waits, and a
 * history entry the printed tensors of a failure; more than this is not an answer but an attack.
 */
const maxAnswerBytes = 256 * 2 ** 20;

export interface Call {
  readonly method?: "GET" | "HEAD" | "POST";
  readonly query?: Readonly<Record<string, string>>;
  /** Text is sent as JSON. */
  readonly body?: string | FormData;
  /** Until the answer is there whole (`call`) or its head is there (`open`). */
  readonly timeoutMs: number;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** An answer whose body has not been read. */
export interface OpenAnswer {
  readonly status: number;
  readonly reader: ByteReader | null;
  /** Must be called once nothing more is read: ends the connection if the body was not read whole. */
  close(reason?: ConnectionFault): void;
}

type ByteReader = ReadableStreamDefaultReader<Uint8Array>;

async function readText(response: Response): Promise<string> {
  if (response.body === null) return "";
  const reader: ByteReader = response.body.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
    size += piece.value.byteLength;
    if (size > maxAnswerBytes) throw new ConnectionFault({ reason: "answered with far too many bytes", mayHaveArrived: true });
    chunks.push(piece.value);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/**
 * HTTP to one ComfyUI server. Sends none of a caller's headers, so `Origin` and `Sec-Fetch-Site`, which ComfyUI
 * answers with 403 (comfyui-protocol.md §1.0), cannot get through. Rejects with {@link ConnectionFault} only.
 */
export class ComfyHttp {
  readonly #address: BackendAddress;
  readonly #clock: Clock;
  readonly #underWay = new Set<AbortController>();
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
    const controller = this.#begin();
    const timer = this.#clock.after(call.timeoutMs, () => controller.abort(ConnectionFault.timeout(call.timeoutMs)));
    try {
      const response = await this.#fetch(path, call, controller.signal);
      return { status: response.status, headers: response.headers, text: await readText(response) };
    } catch (error) {
      controller.abort();
      throw this.#fault(error);
    } finally {
      timer.cancel();
      this.#underWay.delete(controller);
    }
  }

  async open(path: string, call: Call): Promise<OpenAnswer> {
    const controller = this.#begin();
    const timer = this.#clock.after(call.timeoutMs, () => controller.abort(ConnectionFault.timeout(call.timeoutMs)));
    try {
      const response = await this.#fetch(path, call, controller.signal);
      return {
        status: response.status,
        reader: response.body?.getReader() ?? null,
        close: (reason) => {
          this.#underWay.delete(controller);
          controller.abort(reason);
        },
      };
    } catch (error) {
      this.#underWay.delete(controller);
      throw this.#fault(error);
    } finally {
      timer.cancel();
    }
  }

  /** Breaks off every call under way. */
  stop(): void {
    const reason = new ConnectionFault({ reason: "the gateway stopped", mayHaveArrived: true });
    for (const controller of this.#underWay) controller.abort(reason);
  }

  #begin(): AbortController {
    const controller = new AbortController();
    this.#underWay.add(controller);
    return controller;
  }

  #fetch(path: string, call: Call, signal: AbortSignal): Promise<Response> {
    const { method = "GET", query, body } = call;
    const headers = new Headers({ "accept-encoding": "identity" });
    if (this.#address.authorization !== null) headers.set("authorization", this.#address.authorization);
    if (typeof body === "string") headers.set("content-type", "application/json");
    // A redirect leads to a login page or to another host, never to ComfyUI.
    return fetch(this.#address.http(path, query), { method, headers, signal, redirect: "manual", ...(body === undefined ? {} : { body }) });
  }

  #fault(error: unknown): ConnectionFault {
    const fault = ConnectionFault.from(error);
    for (const listener of this.#faultListeners) listener(fault);
    return fault;
  }
}
