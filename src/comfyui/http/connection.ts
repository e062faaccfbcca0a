import type { OnReadOpts, Socket } from "node:net";
import type { Clock, Timer } from "../../telemetry/clock.ts";
import { ConnectionFault } from "../connection-fault.ts";
import { timeoutsMs } from "../timeouts.ts";
import type { BodySource } from "./answer-body.ts";
import { idleConnectionMs } from "./answer-head.ts";
import { AnswerReader } from "./answer-reader.ts";
import type { OpenExchange, TextExchange } from "./exchange.ts";
import { FormSending } from "./form-sending.ts";
import type { Requests } from "./request.ts";

export type AnyExchange = TextExchange | OpenExchange;

/** How an exchange that brought no answer ended. */
export interface Broken {
  readonly fault: ConnectionFault;
  /** The connection was kept from an exchange before, and was closed before anything came. */
  readonly metClosed: boolean;
}

export interface ConnectionParams {
  /** Connects, and reads as it is told. */
  readonly dial: (onread: OnReadOpts) => Socket;
  /** `secureConnect` where there is TLS: before it nothing of a request leaves. */
  readonly readyEvent: "connect" | "secureConnect";
  /** What is read into, when it is not a long body; the same for all connections, as each has done with it when it has read. */
  readonly memory: Buffer;
  readonly requests: Requests;
  readonly clock: Clock;
  /** It may carry another exchange. */
  readonly free: (connection: Connection) => void;
  /** It will carry none any more. */
  readonly gone: (connection: Connection) => void;
  readonly broken: (exchange: AnyExchange, broken: Broken) => void;
}

/** One connection to the server, which carries one exchange at a time. */
export class Connection implements BodySource {
  readonly #params: ConnectionParams;
  readonly #socket: Socket;
  #exchange: AnyExchange | null = null;
  #reader: AnswerReader | null = null;
  #form: FormSending | null = null;
  /** Only until it is there. */
  #limit: Timer | null = null;
  #isReady = false;
  #isKept = false;
  #isGone = false;
  #keepMs = idleConnectionMs;

  constructor(params: ConnectionParams) {
    this.#params = params;
    const { memory, readyEvent } = params;
    // Into memory that we name: node:net would take new memory for each read, and copy it again.
    const onread: OnReadOpts = { buffer: () => this.#reader?.target ?? memory, callback: (bytes) => this.#read(bytes) };
    this.#socket = params.dial(onread);
    this.#socket.setTimeout(idleConnectionMs);
    this.#socket
      .once(readyEvent, () => {
        this.#isReady = true;
        this.#limit?.cancel();
      })
      .on("timeout", () => this.#idled())
      .on("end", () => this.#ended())
      .on("error", (error) => this.#end(ConnectionFault.from(error)))
      .once("close", () => this.#end(ConnectionFault.closed()));
  }

  /** Only when it is new or free. */
  carry(exchange: AnyExchange): void {
    const { memory, requests, clock } = this.#params;
    const socket = this.#socket;
    this.#exchange = exchange;
    this.#reader = new AnswerReader({ memory, hasNoBody: exchange.question.method === "HEAD", sink: exchange });
    exchange.carriedBy(this);
    if (this.#isKept) socket.ref();
    if (!this.#isReady) {
      const noConnection = (): void => this.#end(new ConnectionFault({ reason: "no connection in time", mayHaveArrived: false }));
      this.#limit ??= clock.after(timeoutsMs.connect, noConnection);
    }
    const form = requests.write(socket, exchange.question, exchange.written);
    if (form !== null) void this.#sendForm(new FormSending(socket, form), exchange);
  }

  resume(): void {
    this.#socket.resume();
  }

  breakOff(): void {
    this.stop(ConnectionFault.closed());
  }

  /** @param fault why; of no matter when it is free */
  stop(fault: ConnectionFault): void {
    this.#end(fault);
  }

  async #sendForm(form: FormSending, exchange: AnyExchange): Promise<void> {
    this.#form = form;
    try {
      await form.send();
      if (this.#form !== form) return;
      this.#form = null;
      exchange.written?.();
    } catch (error) {
      this.#end(ConnectionFault.from(error));
    }
  }

  /** @returns whether to read on */
  #read(bytes: number): boolean {
    const reader = this.#reader;
    const exchange = this.#exchange;
    if (reader === null || exchange === null) {
      // Nothing was asked: what comes belongs to no answer.
      this.#end(ConnectionFault.notHttp());
      return false;
    }
    // What filled its memory may be followed by more that is here already, and so may what came out of a cipher.
    const mayBeMore = bytes === reader.target.length || this.#params.readyEvent === "secureConnect";
    try {
      reader.arrived(bytes);
    } catch (error) {
      this.#end(ConnectionFault.from(error));
      return false;
    }
    if (reader.isDone) {
      this.#done(reader, mayBeMore);
      return true;
    }
    exchange.stirred();
    return !exchange.isFull;
  }

  #done(reader: AnswerReader, mayBeMore: boolean): void {
    this.#exchange = null;
    this.#reader = null;
    // An answer before the question was out: the rest of the question would be in the way of the next.
    if (reader.keepMs === 0 || this.#form !== null || this.#socket.writableLength > 0) {
      this.#end(ConnectionFault.closed());
      return;
    }
    if (reader.keepMs !== this.#keepMs) {
      this.#keepMs = reader.keepMs;
      this.#socket.setTimeout(reader.keepMs);
    }
    // Such bytes come within this turn of the loop, and must not be taken for the answer to the next question.
    if (mayBeMore) setImmediate(() => this.#keep());
    else this.#keep();
  }

  #keep(): void {
    if (this.#isGone) return;
    this.#isKept = true;
    // Nobody waits for it: the process may end.
    this.#socket.unref();
    this.#params.free(this);
  }

  #idled(): void {
    if (this.#exchange === null) this.#end(ConnectionFault.closed());
  }

  #ended(): void {
    try {
      this.#reader?.closed();
      this.#end(ConnectionFault.closed());
    } catch (error) {
      this.#end(ConnectionFault.from(error));
    }
  }

  #end(fault: ConnectionFault): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#limit?.cancel();
    this.#form?.stop();
    this.#socket.destroy();
    const exchange = this.#exchange;
    const metClosed = this.#isKept && fault.isClosed && this.#reader?.hasBegun === false;
    this.#exchange = null;
    this.#reader = null;
    this.#params.gone(this);
    if (exchange !== null) this.#params.broken(exchange, { fault, metClosed });
  }
}
