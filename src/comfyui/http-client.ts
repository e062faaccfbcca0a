import type { Clock } from "../telemetry/clock.ts";
import type { BackendAddress } from "./backend-address.ts";
import { ConnectionFault } from "./connection-fault.ts";
import { Connections } from "./http/connections.ts";
import { type Answer, OpenExchange, type OpenAnswer, TextExchange } from "./http/exchange.ts";
import type { Method } from "./http/request.ts";

export type { Answer, OpenAnswer } from "./http/exchange.ts";

export interface Call {
  readonly method?: Method;
  readonly query?: Readonly<Record<string, string>>;
  /** Text is sent as JSON. */
  readonly body?: string | FormData;
  /** Told when the system has all of the request, or it will never have. */
  readonly written?: () => void;
  /** Until the answer is there whole (`call`), or its head is there, and then each time until there is more of it (`open`). */
  readonly timeoutMs: number;
}

/**
 * HTTP to one ComfyUI server, over connections that are kept. Sends none of a caller's headers, so `Origin` and
 * `Sec-Fetch-Site`, which ComfyUI answers with 403 (comfyui-protocol.md §1.0), cannot get through. Follows no redirect:
 * it leads to a login page or to another host, never to ComfyUI. Rejects with {@link ConnectionFault} only.
 */
export class ComfyHttp {
  readonly #clock: Clock;
  readonly #connections: Connections;
  readonly #faultListeners = new Set<(fault: ConnectionFault) => void>();

  constructor(params: { readonly address: BackendAddress; readonly clock: Clock }) {
    this.#clock = params.clock;
    this.#connections = new Connections(params);
  }

  /** Told of every call that brought no answer. */
  onFault(listener: (fault: ConnectionFault) => void): void {
    this.#faultListeners.add(listener);
  }

  call(path: string, call: Call): Promise<Answer> {
    return new Promise((answered, reject) => {
      this.#connections.carry(new TextExchange({ ...this.#asked(path, call, reject), answered }));
    });
  }

  open(path: string, call: Call): Promise<OpenAnswer> {
    return new Promise((answered, reject) => {
      this.#connections.carry(new OpenExchange({ ...this.#asked(path, call, reject), answered }));
    });
  }

  /** Breaks off every call under way. */
  stop(): void {
    this.#connections.stop(new ConnectionFault({ reason: "the gateway stopped", mayHaveArrived: true }));
  }

  #asked(path: string, { method = "GET", query, body, written, timeoutMs }: Call, reject: (fault: ConnectionFault) => void) {
    return {
      question: { method, path, query, body },
      clock: this.#clock,
      timeoutMs,
      written,
      faulted: (fault: ConnectionFault): void => {
        for (const listener of this.#faultListeners) listener(fault);
        reject(fault);
      },
    };
  }
}
