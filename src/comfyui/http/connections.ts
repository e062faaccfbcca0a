import { connect, isIP, type OnReadOpts, type Socket, type TcpNetConnectOpts } from "node:net";
import { type ConnectionOptions, connect as connectTls } from "node:tls";
import type { Clock } from "../../telemetry/clock.ts";
import type { BackendAddress } from "../backend-address.ts";
import type { ConnectionFault } from "../connection-fault.ts";
import { type AnyExchange, type Broken, Connection } from "./connection.ts";
import { Requests } from "./request.ts";

/** Holds the head of an answer with what is small, and not so much of a picture that copying it would matter. */
const readBytes = 16 * 1024;

/** How a connection that is silent for long is kept alive in the books of what lies between. */
const keepAlive = { keepAlive: true, keepAliveInitialDelay: 1_000, noDelay: true } as const;

function dialling(address: BackendAddress): { readonly dial: (onread: OnReadOpts) => Socket; readonly readyEvent: "connect" | "secureConnect" } {
  const { protocol, hostname, port } = new URL(address.http("/"));
  // The URL parser writes an IPv6 address in brackets.
  const host = hostname.replace(/^\[(.*)\]$/, "$1");
  if (protocol === "http:") {
    const to = { host, port: Number(port === "" ? 80 : port), ...keepAlive };
    return { dial: (onread) => connect({ ...to, onread }), readyEvent: "connect" };
  }
  // A server is not told an address as its name (RFC 6066 §3); the certificate is checked against it all the same.
  const named = isIP(host) === 0 ? { servername: host } : {};
  const to: TcpNetConnectOpts & ConnectionOptions = { host, port: Number(port === "" ? 443 : port), ALPNProtocols: ["http/1.1"], ...named, ...keepAlive };
  const dial = (onread: OnReadOpts): Socket => {
    const options: TcpNetConnectOpts & ConnectionOptions = { ...to, onread };
    return connectTls(options);
  };
  return { dial, readyEvent: "secureConnect" };
}

/** The connections to one server: as many as there are exchanges at a time, each kept for a moment for the next. */
export class Connections {
  readonly #clock: Clock;
  readonly #requests: Requests;
  readonly #dialling: ReturnType<typeof dialling>;
  readonly #memory = Buffer.allocUnsafeSlow(readBytes);
  readonly #all = new Set<Connection>();
  /** The one used last is at the end, and the next to be used: the others come to their end. */
  readonly #free: Connection[] = [];

  constructor({ address, clock }: { readonly address: BackendAddress; readonly clock: Clock }) {
    this.#clock = clock;
    this.#requests = new Requests(address);
    this.#dialling = dialling(address);
  }

  carry(exchange: AnyExchange): void {
    (this.#free.pop() ?? this.#open()).carry(exchange);
  }

  /** Breaks off what is under way. */
  stop(fault: ConnectionFault): void {
    for (const connection of [...this.#all]) connection.stop(fault);
  }

  #open(): Connection {
    const connection = new Connection({
      ...this.#dialling,
      memory: this.#memory,
      requests: this.#requests,
      clock: this.#clock,
      free: (free) => this.#free.push(free),
      gone: (gone) => this.#forget(gone),
      broken: (exchange, broken) => this.#broken(exchange, broken),
    });
    this.#all.add(connection);
    return connection;
  }

  #forget(gone: Connection): void {
    this.#all.delete(gone);
    const at = this.#free.indexOf(gone);
    if (at !== -1) this.#free.splice(at, 1);
  }

  #broken(exchange: AnyExchange, { fault, metClosed }: Broken): void {
    // Only what changes nothing is sent again: the other may have arrived.
    if (metClosed && exchange.question.method !== "POST" && exchange.isPending) this.carry(exchange);
    else exchange.failed(fault);
  }
}
