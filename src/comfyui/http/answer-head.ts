import { ConnectionFault } from "../connection-fault.ts";

/** How the end of a body is told (RFC 9112 §6.3); `length` is in bytes. */
export type Framing = { readonly by: "length"; readonly length: number } | { readonly by: "chunks" } | { readonly by: "close" };

/** The whole of it: no line is folded, none ends otherwise than in CR LF, and every name is one. */
const wellFormed = /^HTTP\/1\.[01] [1-9]\d\d(?: [^\0\r\n]*)?(?:\r\n[!#$%&'*+.^_`|~\w-]+:[^\0\r\n]*)*$/;

/** Fifteen digits are below 2^53, and beyond any file. */
const lengthValue = /^[ \t]*(\d{1,15})[ \t]*$/;
const chunkedValue = /^[ \t]*chunked[ \t]*$/i;
const closeToken = /(?:^|,)[ \t]*close[ \t]*(?:,|$)/i;
const timeoutParameter = /(?:^|[,\s])timeout=(\d{1,9})(?:$|[,\s])/i;

/** A server that tells when it closes a connection is believed a second less, for what is on its way by then. */
const closesSoonerMs = 1_000;

/** A connection that nobody uses is closed after this: before any server does it, which would meet the next call on its way. */
export const idleConnectionMs = 4_000;

/**
 * Status line and headers of an answer, without the empty line behind them. All that a call needs is read at once, the
 * rest of the headers when somebody asks.
 */
export class AnswerHead {
  readonly status: number;
  readonly framing: Framing;
  /** How long the connection may be kept after the answer; 0: not at all. */
  readonly keepMs: number;
  readonly #text: string;

  /**
   * @param hasNoBody the question was HEAD
   * @throws {ConnectionFault} for what is not HTTP/1.x, and for what could be read in two ways
   */
  constructor(text: string, hasNoBody: boolean) {
    if (!wellFormed.test(text)) throw ConnectionFault.notHttp();
    this.#text = text;
    this.status = Number(text.slice(9, 12));
    let length: number | null = null;
    let isChunked = false;
    // HTTP/1.0 closes unless it says otherwise, and then means something that not all agree on.
    let keepMs = text[7] === "0" ? 0 : idleConnectionMs;
    for (let at = text.indexOf("\r\n"); at !== -1; ) {
      const start = at + 2;
      at = text.indexOf("\r\n", start);
      const colon = text.indexOf(":", start);
      const size = colon - start;
      // As long as a name that matters.
      if (size !== 10 && size !== 14 && size !== 17) continue;
      const name = text.slice(start, colon).toLowerCase();
      const value = text.slice(colon + 1, at === -1 ? text.length : at);
      if (name === "content-length") {
        const digits = lengthValue.exec(value)?.[1];
        if (digits === undefined || length !== null) throw ConnectionFault.notHttp();
        length = Number(digits);
      } else if (name === "transfer-encoding") {
        if (isChunked || !chunkedValue.test(value)) throw ConnectionFault.notHttp();
        isChunked = true;
      } else if (name === "connection") {
        if (closeToken.test(value)) keepMs = 0;
      } else if (name === "keep-alive") {
        const seconds = timeoutParameter.exec(value)?.[1];
        if (seconds !== undefined) keepMs = Math.max(0, Math.min(keepMs, Number(seconds) * 1000 - closesSoonerMs));
      }
    }
    // Both together are how one answer is smuggled into another; and HTTP/1.0 knows no chunks.
    if (isChunked && (length !== null || text[7] === "0")) throw ConnectionFault.notHttp();
    if (hasNoBody || this.status === 204 || this.status === 304) this.framing = { by: "length", length: 0 };
    else if (isChunked) this.framing = { by: "chunks" };
    else this.framing = length === null ? { by: "close" } : { by: "length", length };
    this.keepMs = this.framing.by === "close" ? 0 : keepMs;
  }

  /** By lower-case name; of a name that comes twice, the first. */
  get headers(): Readonly<Record<string, string>> {
    const lines = this.#text.split("\r\n").slice(1).toReversed();
    return Object.fromEntries(
      lines.map((line) => {
        const colon = line.indexOf(":");
        return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, "")];
      }),
    );
  }
}
