import { connect, type Socket } from "node:net";

/** What a response is read into, whichever it is of: the callers keep no picture. */
const readBytes = 256 * 1024;

const endOfHead = "\r\n\r\n";
const maxHeadBytes = 4_096;

/** A connection that nobody has used for so long is about to be closed by the other side, which would meet the next request on its way. */
const idleMs = 1_000;

interface Reply {
  readonly text: string;
  readonly bytes: number;
}

/** One request at a time over a connection that is kept. Reads responses that say how long they are, as both sides' do. */
class Connection {
  readonly #socket: Socket;
  #head = "";
  /** Of the body that is under way; null while its head is. */
  #left: number | null = null;
  #bytes = 0;
  #isText = false;
  #pieces: Buffer[] = [];
  #settle: { readonly resolve: (reply: Reply) => void; readonly reject: (error: Error) => void } | null = null;
  #usedAt = performance.now();
  #isOpen = true;

  constructor(host: string, port: number, buffer: Buffer) {
    // Into the same memory each time: Node would take new memory for each read, and the collection of it is a load of its own.
    this.#socket = connect({
      host,
      port,
      noDelay: true,
      onread: {
        buffer,
        callback: (length) => {
          this.#read(buffer.subarray(0, length));
          return true;
        },
      },
    });
    this.#socket.on("error", (error) => this.#end(error)).on("close", () => this.#end(new Error("the connection was closed")));
  }

  /** Another request may be sent on it. */
  get isUsable(): boolean {
    return this.#isOpen && performance.now() - this.#usedAt < idleMs;
  }

  send(request: string): Promise<Reply> {
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
      this.#socket.write(request);
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #end(error: Error): void {
    this.#isOpen = false;
    this.#settle?.reject(error);
  }

  #read(chunk: Buffer): void {
    const body = this.#left === null ? this.#readHead(chunk) : chunk;
    if (body === null || this.#left === null) return;
    this.#left -= body.length;
    this.#bytes += body.length;
    if (this.#isText) this.#pieces.push(Buffer.from(body));
    if (this.#left === 0) this.#done();
  }

  /** @returns what follows the head; null when it is not whole yet */
  #readHead(chunk: Buffer): Buffer | null {
    // No more of it than a head has: the rest is a picture.
    this.#head += chunk.toString("latin1", 0, maxHeadBytes);
    const end = this.#head.indexOf(endOfHead);
    if (end === -1) return null;
    const before = this.#head.length - Math.min(chunk.length, maxHeadBytes);
    this.#head = this.#head.slice(0, end);
    const length = /^content-length: *(\d+)/im.exec(this.#head)?.[1];
    if (length === undefined) {
      this.#end(new Error(`a response does not say how long it is: ${this.#head}`));
      return null;
    }
    this.#left = Number(length);
    this.#isText = /^content-type: *[^\r\n]*json/im.test(this.#head);
    return chunk.subarray(end + endOfHead.length - before);
  }

  #done(): void {
    const [head, text, bytes, settle] = [this.#head, Buffer.concat(this.#pieces).toString("utf8"), this.#bytes, this.#settle];
    if (/^connection: *close/im.test(head)) this.#isOpen = false;
    this.#head = "";
    this.#left = null;
    this.#bytes = 0;
    this.#pieces = [];
    this.#settle = null;
    this.#usedAt = performance.now();
    if (head.startsWith("HTTP/1.1 200 ")) settle?.resolve({ text, bytes });
    else settle?.reject(new Error(`answered with ${head.slice(0, 100)}: ${text}`));
  }
}

/**
 * Asks over connections that are kept, and costs next to nothing: what asks shares two cores with what is measured.
 * Node's own client takes as much of the processor for a picture as ComfyUI's side does.
 */
export class Caller {
  readonly #host: string;
  readonly #port: number;
  readonly #buffer = Buffer.alloc(readBytes);
  readonly #free: Connection[] = [];
  readonly #all = new Set<Connection>();

  constructor(url: string) {
    const { hostname, port } = new URL(url);
    this.#host = hostname;
    this.#port = Number(port);
  }

  /** @returns the body as text when it is JSON, and how many bytes it had */
  async call(method: "GET" | "POST", path: string, options: { readonly body?: string; readonly accept?: string } = {}): Promise<Reply> {
    const { body, accept } = options;
    const lines = [`${method} ${path} HTTP/1.1`, `host: ${this.#host}:${this.#port}`, ...(accept === undefined ? [] : [`accept: ${accept}`])];
    if (body !== undefined) lines.push("content-type: application/json", `content-length: ${Buffer.byteLength(body)}`);
    const connection = this.#take();
    const reply = await connection.send(`${lines.join("\r\n")}${endOfHead}${body ?? ""}`);
    this.#free.push(connection);
    return reply;
  }

  close(): void {
    for (const connection of this.#all) connection.close();
  }

  #take(): Connection {
    for (let free = this.#free.pop(); free !== undefined; free = this.#free.pop()) {
      if (free.isUsable) return free;
      free.close();
      this.#all.delete(free);
    }
    const connection = new Connection(this.#host, this.#port, this.#buffer);
    this.#all.add(connection);
    return connection;
  }
}
