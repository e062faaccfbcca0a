import { Agent, request, type IncomingMessage } from "node:http";

/** Connections are kept: opening them is not what is measured. */
export class Caller {
  // With a time-out of its own the agent heeds the one that the server announces, and sends nothing on a connection about to be closed.
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 512, timeout: 600_000 });

  /** @returns the body, or for `count` only how many bytes it had */
  async call(method: "GET" | "POST", url: string, options: { readonly body?: string; readonly accept?: string } = {}): Promise<{ readonly text: string; readonly bytes: number }> {
    const response = await this.#send(method, url, options);
    const isText = /json/.test(response.headers["content-type"] ?? "");
    let bytes = 0;
    const pieces: Buffer[] = [];
    response.on("data", (piece: Buffer) => {
      bytes += piece.length;
      if (isText) pieces.push(piece);
    });
    await new Promise((resolve, reject) => response.on("end", resolve).on("error", reject));
    const text = Buffer.concat(pieces).toString("utf8");
    if (response.statusCode !== 200) throw new Error(`${method} ${url} was answered with ${response.statusCode}: ${text}`);
    return { text, bytes };
  }

  close(): void {
    this.#agent.destroy();
  }

  #send(method: string, url: string, { body, accept }: { readonly body?: string; readonly accept?: string }): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const headers = { ...(accept === undefined ? {} : { accept }), ...(body === undefined ? {} : { "content-type": "application/json", "content-length": Buffer.byteLength(body) }) };
      const sent = request(url, { method, headers, agent: this.#agent }, resolve);
      sent.on("error", reject);
      sent.end(body);
    });
  }
}
