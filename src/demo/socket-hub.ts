import { randomUUID } from "node:crypto";
import { WebSocket, type RawData } from "ws";
import { parseJson, stringifyJson, type JsonObject } from "../json/exact.ts";
import type { FrameSink } from "./frame-sink.ts";
import { isObject } from "./json-shape.ts";

export interface SocketHubParams {
  /** Sent when a client flags its features first. */
  readonly features: JsonObject;
  readonly queueRemaining: () => number;
  /** The client whose prompt runs and the node it is at, for a client that connects again. */
  readonly current: () => { readonly clientId: string; readonly nodeId: string } | null;
  /** Whether the end of an old socket also silences the newer one of the same client, as in the real server. */
  readonly staleClose: boolean;
}

/** The sockets by client id, and who hears what (comfyui-protocol.md §2). */
export class SocketHub implements FrameSink {
  readonly #params: SocketHubParams;
  readonly #byClient = new Map<string, WebSocket>();
  readonly #flags = new Map<string, JsonObject>();
  readonly #open = new Set<WebSocket>();
  readonly #silenced = new WeakSet<WebSocket>();

  constructor(params: SocketHubParams) {
    this.#params = params;
  }

  /** Sockets that are open, also those that no longer get anything. */
  get size(): number {
    return this.#open.size;
  }

  connect(socket: WebSocket, requestedId: string): void {
    const clientId = requestedId === "" ? randomUUID().replaceAll("-", "") : requestedId;
    this.#byClient.set(clientId, socket);
    this.#flags.set(clientId, {});
    this.#open.add(socket);
    let first = true;
    socket.on("message", (data, isBinary) => {
      if (isBinary || this.#silenced.has(socket)) return;
      const message = parsedMessage(data);
      if (message === undefined) return;
      if (first && isObject(message) && message["type"] === "feature_flags") {
        const flags = message["data"];
        this.#flags.set(clientId, isObject(flags) ? flags : {});
        this.send("feature_flags", this.#params.features, clientId);
      }
      first = false;
    });
    socket.on("ping", (data) => {
      if (!this.#silenced.has(socket)) socket.pong(data);
    });
    // A broken connection ends in "close"; there is nobody to tell.
    socket.on("error", () => socket.terminate());
    socket.on("close", () => {
      this.#open.delete(socket);
      if (!this.#params.staleClose && this.#byClient.get(clientId) !== socket) return;
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
    for (const socket of this.#open) socket.terminate();
  }

  silenceAll(): void {
    for (const socket of this.#open) {
      this.#silenced.add(socket);
      socket.pause();
    }
  }

  #status(): JsonObject {
    return { exec_info: { queue_remaining: this.#params.queueRemaining() } };
  }

  #sendTo(clientId: string | null, frame: string | Uint8Array): void {
    const one = clientId === null ? undefined : this.#byClient.get(clientId);
    const receivers = clientId === null ? this.#byClient.values() : one === undefined ? [] : [one];
    for (const socket of receivers) {
      if (socket.readyState === WebSocket.OPEN && !this.#silenced.has(socket)) socket.send(frame);
    }
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
