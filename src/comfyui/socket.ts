import { randomUUID } from "node:crypto";
import { WebSocket, type RawData } from "ws";
import type { Clock, Timer } from "../telemetry/clock.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { BackendAddress } from "./backend-address.ts";

/** SaveImageWebsocket sends whole images as one PNG frame: 256 MiB holds an 8k × 8k one with room to spare. */
const maxFrameBytes = 256 * 2 ** 20;
/** The usual handshake takes milliseconds; a blocked event loop of ComfyUI, seconds. */
const handshakeMs = 10_000;
/** ComfyUI sends no heartbeat (comfyui-protocol.md §2.1), so a half-open connection shows only when pinged. */
const pingMs = 10_000;
/** Pings without any sign of life before the connection counts as dead. One may fall into a load of models that blocks ComfyUI. */
const maxSilentPings = 2;
const firstRetryMs = 250;
/** The longest a restarted ComfyUI runs without our socket. */
const maxRetryMs = 5_000;

/** Asks for previews that name their prompt and node. Honoured only as the first frame (comfyui-protocol.md §2.1). */
const featureFlags = JSON.stringify({ type: "feature_flags", data: { supports_preview_metadata: true } });

export interface SocketListener {
  opened(): void;
  text(text: string): void;
  binary(frame: Buffer): void;
  /** An open connection is gone; another will be tried. */
  lost(): void;
}

function toBuffer(data: RawData): Buffer {
  if (Buffer.isBuffer(data)) return data;
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);
}

/**
 * Keeps one connection to ComfyUI alive. Each connection has its own client id: when a dead one is at last noticed by
 * ComfyUI, it silences whatever connection has its id by then (comfyui-protocol.md §2.1, “Trap”).
 */
export class ComfySocket {
  readonly #address: BackendAddress;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #listener: SocketListener;
  #clientId = randomUUID();
  #connection: WebSocket | null = null;
  #open = false;
  #retry: Timer | null = null;
  #failures = 0;
  #stopping = false;
  #stopped: (() => void) | null = null;

  constructor(params: { readonly address: BackendAddress; readonly clock: Clock; readonly logger: Logger; readonly listener: SocketListener }) {
    this.#address = params.address;
    this.#clock = params.clock;
    this.#logger = params.logger;
    this.#listener = params.listener;
  }

  /** Of the open connection, or of the next one while there is none. */
  get clientId(): string {
    return this.#clientId;
  }

  get isOpen(): boolean {
    return this.#open;
  }

  start(): void {
    if (this.#connection === null && this.#retry === null && !this.#stopping) this.#connect();
  }

  /** Tries at once instead of at the end of a wait. */
  hurry(): void {
    if (this.#retry === null) return;
    this.#retry.cancel();
    this.#retry = null;
    this.#connect();
  }

  /** Resolves when the connection is closed. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#retry?.cancel();
    this.#retry = null;
    const connection = this.#connection;
    if (connection === null) return;
    const closed = new Promise<void>((resolve) => {
      this.#stopped = resolve;
    });
    connection.terminate();
    await closed;
  }

  #connect(): void {
    const { authorization } = this.#address;
    const connection = new WebSocket(this.#address.socket(this.#clientId), {
      maxPayload: maxFrameBytes,
      // Frames are JPEG and PNG, or travel one host: compressing them again costs both sides for nothing.
      perMessageDeflate: false,
      headers: authorization === null ? {} : { authorization },
    });
    this.#connection = connection;
    let heartbeat = this.#clock.after(handshakeMs, () => {
      // ComfyUI may have this id in its books by now: it is used up.
      this.#clientId = randomUUID();
      connection.terminate();
    });
    let silentPings = 0;
    const ping = (): void => {
      if (silentPings >= maxSilentPings) {
        this.#logger.warn({ silent_seconds: (silentPings * pingMs) / 1000 }, "the socket to ComfyUI is dead; opening another");
        connection.terminate();
        return;
      }
      silentPings += 1;
      connection.ping();
      heartbeat = this.#clock.after(pingMs, ping);
    };
    connection.on("open", () => {
      heartbeat.cancel();
      heartbeat = this.#clock.after(pingMs, ping);
      connection.send(featureFlags);
      this.#open = true;
      this.#listener.opened();
    });
    connection.on("pong", () => {
      silentPings = 0;
      // Only a connection that lasted ends the backing off: one that is accepted and dropped at once must not be retried at full speed.
      this.#failures = 0;
    });
    connection.on("message", (data, isBinary) => {
      silentPings = 0;
      if (isBinary) this.#listener.binary(toBuffer(data));
      else this.#listener.text(toBuffer(data).toString("utf8"));
    });
    // “close” follows in every case.
    connection.on("error", (error) => this.#logger.debug({ err: error }, "the socket to ComfyUI failed"));
    connection.on("close", () => {
      heartbeat.cancel();
      this.#closed();
    });
  }

  #closed(): void {
    const wasOpen = this.#open;
    this.#connection = null;
    this.#open = false;
    if (wasOpen) {
      this.#clientId = randomUUID();
      this.#listener.lost();
    }
    if (this.#stopping) {
      this.#stopped?.();
      return;
    }
    const delayMs = Math.min(maxRetryMs, firstRetryMs * 2 ** Math.min(this.#failures, 10));
    this.#failures += 1;
    this.#retry = this.#clock.after(delayMs, () => {
      this.#retry = null;
      this.#connect();
    });
  }
}
