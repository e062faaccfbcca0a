import { randomUUID } from "node:crypto";
import type { Duplex } from "node:stream";
import type { RawData, WebSocket } from "ws";
import { parseJson, stringifyJson, type JsonObject } from "../json/exact.ts";
import type { FrameSink } from "./frame-sink.ts";
import { isObject } from "./json-shape.ts";
import { messageFrame, Outbox } from "./outbox.ts";

export interface SocketHubParams {
  /** Sent when a client flags its features first. */
  readonly features: JsonObject;
  readonly queueRemaining: () => number;
  /** The client whose prompt runs and the node it is at, for a client that connects again. */
  readonly current: () => { readonly clientId: string; readonly nodeId: string } | null;
  /** Whether the end of an old socket also silences the newer one of the same client, as in the real server. */
  readonly staleClose: boolean;
}

/** The sockets by client id, and who hears what (comfyui-protocol.md §2). What is said in one turn of the event loop leaves together. */
export class SocketHub implements FrameSink {
  readonly #params: SocketHubParams;
  readonly #byClient = new Map<string, Outbox>();
  readonly #flags = new Map<string, JsonObject>();
  readonly #open = new Set<Outbox>();
  /** Those with something to let go at the end of this turn. */
  #waiting: Outbox[] = [];

  constructor(params: SocketHubParams) {
    this.#params = params;
  }

  /** Sockets that are open, also those that no longer get anything. */
  get size(): number {
    return this.#open.size;
  }

  /** @param connection what the socket writes to */
  connect(socket: WebSocket, connection: Duplex, requestedId: string): void {
    const clientId = requestedId === "" ? randomUUID().replaceAll("-", "") : requestedId;
    const outbox = new Outbox(socket, connection);
    this.#byClient.set(clientId, outbox);
    this.#flags.set(clientId, {});
    this.#open.add(outbox);
    let first = true;
    socket.on("message", (data, isBinary) => {
      if (isBinary || outbox.isSilent) return;
      const message = parsedMessage(data);
      if (message === undefined) return;
      if (first && isObject(message) && message["type"] === "feature_flags") {
        const flags = message["data"];
        this.#flags.set(clientId, isObject(flags) ? flags : {});
        this.send("feature_flags", this.#params.features, clientId);
      }
      first = false;
    });
    socket.on("ping", (data) => outbox.answerPing(data));
    // A broken connection ends in "close"; there is nobody to tell.
    socket.on("error", () => socket.terminate());
    socket.on("close", () => {
      this.#open.delete(outbox);
      if (!this.#params.staleClose && this.#byClient.get(clientId) !== outbox) return;
      this.#byClient.delete(clientId);
      this.#flags.delete(clientId);
    });
    this.send("status", { status: this.#status(), sid: clientId }, clientId);
    const current = this.#params.current();
    if (current !== null && current.clientId === clientId) this.send("executing", { node: current.nodeId }, clientId);
  }

  /** To everyone, on every change of the queue. */
  sendStatus(): void {
    this.send("status", { status: this.#status() }, null);
  }

  send(type: string, data: JsonObject, clientId: string | null): void {
    this.#sendTo(clientId, stringifyJson({ type, data }));
  }

  sendBytes(frame: Uint8Array, clientId: string | null): void {
    this.#sendTo(clientId, frame);
  }

  takesPreviewMetadata(clientId: string | null): boolean {
    return clientId !== null && this.#flags.get(clientId)?.["supports_preview_metadata"] === true;
  }

  dropAll(): void {
    for (const outbox of this.#open) outbox.drop();
  }

  silenceAll(): void {
    for (const outbox of this.#open) outbox.silence();
  }

  #status(): JsonObject {
    return { exec_info: { queue_remaining: this.#params.queueRemaining() } };
  }

  #sendTo(clientId: string | null, message: string | Uint8Array): void {
    const one = clientId === null ? undefined : this.#byClient.get(clientId);
    if (clientId === null ? this.#byClient.size === 0 : one === undefined) return;
    const frame = messageFrame(message);
    if (one !== undefined) this.#put(one, frame);
    else for (const outbox of this.#byClient.values()) this.#put(outbox, frame);
  }

  #put(outbox: Outbox, frame: Buffer): void {
    if (!outbox.put(frame)) return;
    if (this.#waiting.push(outbox) === 1) setImmediate(() => this.#letGo());
  }

  #letGo(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const outbox of waiting) outbox.letGo();
  }
}

function parsedMessage(data: RawData): unknown {
  const bytes = Array.isArray(data) ? Buffer.concat(data) : data instanceof ArrayBuffer ? Buffer.from(data) : data;
  try {
    return parseJson(bytes.toString("utf8"));
  } catch (error) {
    // Whatever else a client sends is ignored by the real server too.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
