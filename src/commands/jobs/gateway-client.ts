import { z } from "zod";
import { parseJson } from "../../json/exact.ts";

const problemSchema = z.object({ detail: z.string(), code: z.string().optional() });

/** The gateway's refusal, in its own words. */
export class GatewayRefusal extends Error {
  override readonly name = "GatewayRefusal";
  readonly status: number;
  /** Of the gateway's table of errors; null when it gave none. */
  readonly code: string | null;

  constructor(status: number, detail: string, code: string | null = null) {
    super(detail);
    this.status = status;
    this.code = code;
  }
}

/** Nothing that speaks HTTP answers there, or no longer. */
export class GatewayUnreachable extends Error {
  override readonly name = "GatewayUnreachable";
}

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** A running gateway, as its callers reach it. Every method rejects with GatewayRefusal, GatewayUnreachable, or the signal's reason. */
export class GatewayClient {
  readonly url: string;
  readonly #apiKey: string | null;
  readonly #signal: AbortSignal;

  /** @param at `url` without trailing slash */
  constructor(at: { readonly url: string; readonly apiKey: string | null }, signal: AbortSignal) {
    this.url = at.url;
    this.#apiKey = at.apiKey;
    this.#signal = signal;
  }

  async get(path: string): Promise<Answer> {
    return this.#json("GET", path);
  }

  async delete(path: string): Promise<Answer> {
    return this.#json("DELETE", path);
  }

  /** The events of a job after one, as they come. The body must be read or cancelled. */
  async events(jobId: string, lastEventId: string, signal: AbortSignal): Promise<ReadableStream<Uint8Array>> {
    const headers = { accept: "text/event-stream", ...(lastEventId === "" ? {} : { "last-event-id": lastEventId }) };
    const response = await this.#fetch(`/v1/jobs/${encodeURIComponent(jobId)}/events`, { headers, signal: AbortSignal.any([signal, this.#signal]) });
    if (!(response.headers.get("content-type") ?? "").startsWith("text/event-stream") || response.body === null) {
      await response.body?.cancel();
      throw new GatewayRefusal(response.status, `${this.url} sends no events: is it a comfyui-api of this version?`);
    }
    return response.body;
  }

  async #json(method: string, path: string): Promise<Answer> {
    const response = await this.#fetch(path, { method, headers: { accept: "application/json" }, signal: this.#signal });
    return { status: response.status, body: await this.#body(response) };
  }

  async #fetch(path: string, init: RequestInit): Promise<Response> {
    const headers = new Headers(init.headers);
    if (this.#apiKey !== null) headers.set("x-api-key", this.#apiKey);
    let response: Response;
    try {
      // A redirect would carry the key to wherever it leads.
      response = await fetch(`${this.url}${path}`, { ...init, headers, redirect: "error" });
    } catch (cause) {
      this.#signal.throwIfAborted();
      throw new GatewayUnreachable(`No gateway answers at ${this.url}.`, { cause });
    }
    if (response.ok) return response;
    const problem = problemSchema.safeParse(await this.#body(response)).data;
    throw new GatewayRefusal(response.status, problem?.detail ?? `${this.url} answered with status ${response.status}.`, problem?.code);
  }

  /** null for what is not JSON. */
  async #body(response: Response): Promise<unknown> {
    try {
      return parseJson(await response.text());
    } catch (cause) {
      if (cause instanceof SyntaxError) return null;
      this.#signal.throwIfAborted();
      throw new GatewayUnreachable(`The connection to ${this.url} broke.`, { cause });
    }
  }
}
