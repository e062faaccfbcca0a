import type { Socket } from "node:net";
import type { BackendAddress } from "../backend-address.ts";

export type Method = "GET" | "HEAD" | "POST";

/** What is asked of a server. */
export interface Question {
  readonly method: Method;
  /** From `/api/` on. */
  readonly path: string;
  readonly query: Readonly<Record<string, string>> | undefined;
  /** Text is sent as JSON. */
  readonly body: string | FormData | undefined;
}

/** Segments that begin like a word: none of them is `..`, and nothing in them ends the line. */
const plainPath = /^(?:\/\w[\w.%~-]*)+$/;
/** Nothing that is written otherwise in a query. */
const plainValue = /^[\w.-]*$/;

function queryOf(query: Readonly<Record<string, string>>): string {
  let search = "";
  for (const [name, value] of Object.entries(query)) {
    if (!plainValue.test(name) || !plainValue.test(value)) return new URLSearchParams(query).toString();
    search += `${search === "" ? "" : "&"}${name}=${value}`;
  }
  return search;
}

/** Questions to one address as they are written. What is the same in all of them is made once. */
export class Requests {
  readonly #address: BackendAddress;
  readonly #prefix: string;
  readonly #headers: string;

  constructor(address: BackendAddress) {
    this.#address = address;
    const { host, pathname } = new URL(address.http("/"));
    this.#prefix = pathname.slice(0, -1);
    const authorization = address.authorization === null ? "" : `authorization: ${address.authorization}\r\n`;
    this.#headers = ` HTTP/1.1\r\nhost: ${host}\r\naccept: */*\r\naccept-encoding: identity\r\nconnection: keep-alive\r\n${authorization}`;
  }

  /**
   * Writes it whole, when its body is text, and in one go.
   *
   * @returns what is left to send: a form, in parts as it is read
   */
  write(socket: Socket, question: Question, written: (() => void) | undefined): ReadableStream<Uint8Array> | null {
    const { method, body } = question;
    const begin = `${method} ${this.#target(question)}${this.#headers}`;
    if (body instanceof FormData) {
      // What fetch makes of a form, without reading its files into memory.
      const form = new Response(body);
      socket.write(`${begin}content-type: ${form.headers.get("content-type") ?? ""}\r\ntransfer-encoding: chunked\r\n\r\n`, "latin1");
      return form.body ?? new Blob([]).stream();
    }
    if (body === undefined) {
      socket.write(`${begin}${method === "POST" ? "content-length: 0\r\n" : ""}\r\n`, "latin1", written);
      return null;
    }
    const length = Buffer.byteLength(body);
    // Where each character is a byte, the simpler encoding writes the same.
    socket.write(`${begin}content-type: application/json\r\ncontent-length: ${length}\r\n\r\n${body}`, length === body.length ? "latin1" : "utf8", written);
    return null;
  }

  #target({ path, query }: Question): string {
    if (!plainPath.test(path)) {
      const { pathname, search } = new URL(this.#address.http(path, query));
      return pathname + search;
    }
    const search = query === undefined ? "" : queryOf(query);
    return search === "" ? this.#prefix + path : `${this.#prefix}${path}?${search}`;
  }
}
