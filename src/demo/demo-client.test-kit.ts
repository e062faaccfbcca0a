import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { expect } from "vitest";
import { WebSocket } from "ws";
import { parseJson, stringifyJson } from "../json/exact.ts";
import type { DemoComfyui } from "./demo-comfyui.ts";
import { isObject } from "./json-shape.ts";

export interface Frame {
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
  /** Of a binary frame. */
  readonly bytes?: Buffer;
}

export interface TestClient {
  readonly frames: readonly Frame[];
  readonly socket: WebSocket;
  send(value: object): void;
  until(condition: (frames: readonly Frame[]) => boolean): Promise<void>;
  clear(): void;
  close(): Promise<void>;
}

/** A socket to a ComfyUI that keeps what it hears. */
export async function openClient(
  url: string,
  clientId: string,
  options: { readonly path?: string; readonly flags?: object } = {},
): Promise<TestClient> {
  const socket = new WebSocket(`${url.replace("http", "ws")}${options.path ?? "/ws"}?clientId=${clientId}`);
  const frames: Frame[] = [];
  socket.on("message", (data, isBinary) => {
    const bytes = Array.isArray(data) ? Buffer.concat(data) : Buffer.isBuffer(data) ? data : Buffer.from(data);
    if (isBinary) frames.push({ type: "binary", data: {}, bytes });
    else {
      const frame = parseJson(bytes.toString());
      if (isObject(frame) && typeof frame["type"] === "string" && isObject(frame["data"])) frames.push({ type: frame["type"], data: frame["data"] });
    }
  });
  await once(socket, "open");
  const client: TestClient = {
    frames,
    socket,
    send: (value) => socket.send(stringifyJson(value)),
    until: async (condition) => {
      await expect.poll(() => condition(frames), { timeout: 5000, interval: 5 }).toBe(true);
    },
    clear: () => {
      frames.length = 0;
    },
    close: async () => {
      if (socket.readyState === WebSocket.CLOSED) return;
      const closed = once(socket, "close");
      socket.close();
      await closed;
    },
  };
  if (options.flags !== undefined) client.send({ type: "feature_flags", data: options.flags });
  return client;
}

export interface TestAnswer {
  readonly status: number;
  /** Parsed, when it is JSON. */
  readonly body: unknown;
  readonly text: string;
  readonly headers: Headers;
}

export async function post(url: string, path: string, body: object | string): Promise<TestAnswer> {
  return answered(await fetch(url + path, { method: "POST", body: typeof body === "string" ? body : stringifyJson(body) }));
}

export async function get(url: string, path: string, headers: Readonly<Record<string, string>> = {}): Promise<TestAnswer> {
  return answered(await fetch(url + path, { headers }));
}

async function answered(response: Response): Promise<TestAnswer> {
  const text = await response.text();
  const isJson = response.headers.get("content-type")?.startsWith("application/json") === true;
  return { status: response.status, body: isJson ? parseJson(text) : undefined, text, headers: response.headers };
}

/** Posts a graph and waits for its entry in the history. */
export async function runToEnd(
  url: string,
  graph: object,
  extra: object = {},
): Promise<{ readonly status: number; readonly promptId: string; readonly entry: unknown; readonly text: string }> {
  const promptId = randomUUID();
  const { status, text: refusal } = await post(url, "/prompt", { prompt: graph, prompt_id: promptId, ...extra });
  if (status !== 200) return { status, promptId, entry: undefined, text: refusal };
  let text = "{}";
  await expect
    .poll(async () => {
      text = (await get(url, `/history/${promptId}`)).text;
      return text;
    }, { timeout: 5000, interval: 5 })
    .not.toBe("{}");
  const history = parseJson(text);
  return { status, promptId, entry: isObject(history) ? history[promptId] : undefined, text };
}

/** Stops it. @throws when it met a fault of its own, which a caller would have seen as an imitated 500 only */
export async function stopDemo(demo: DemoComfyui): Promise<void> {
  await demo.stop();
  if (demo.crashes().length > 0) throw new AggregateError(demo.crashes(), "the stand-in failed");
}

/** Waits until every frame that was sent so far has arrived. */
export async function flush(client: TestClient): Promise<void> {
  const pong = once(client.socket, "pong");
  client.socket.ping();
  await pong;
}
