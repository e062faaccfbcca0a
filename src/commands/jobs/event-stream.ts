/** One message of a `text/event-stream`. */
export interface StreamMessage {
  /** The last `id:` that the stream gave, also in an earlier message; "" before the first. */
  readonly lastId: string;
  /** Whether this message itself has an `id:`. */
  readonly hasId: boolean;
  readonly event: string;
  readonly data: string;
}

/** A line this long is no event of ours: the largest, a preview, is some hundreds of kilobytes. */
const maxLineChars = 32 * 1024 * 1024;

/**
 * Reads server-sent events as the HTML standard says (§9.2.6), piece by piece: lines end in LF, CR or both, comments are left
 * out, several `data:` lines are joined, and a message without data is none.
 */
export class EventStreamParser {
  readonly #decoder = new TextDecoder("utf-8");
  #rest = "";
  #sawReturn = false;
  #lastId = "";
  #hasId = false;
  #event = "";
  #data: string[] = [];

  /** @throws {RangeError} when a line has no end */
  push(chunk: Uint8Array): readonly StreamMessage[] {
    let text = this.#decoder.decode(chunk, { stream: true });
    if (text === "") return [];
    // CR and LF of one line's end may come in two chunks.
    if (this.#sawReturn && text.startsWith("\n")) text = text.slice(1);
    this.#sawReturn = text.endsWith("\r");
    const lines = (this.#rest + text).split(/\r\n|\n|\r/);
    this.#rest = lines.pop() ?? "";
    if (this.#rest.length > maxLineChars) throw new RangeError("a line of the event stream has no end");
    return lines.flatMap((line) => this.#line(line) ?? []);
  }

  #line(line: string): StreamMessage | null {
    if (line === "") return this.#dispatch();
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "data") this.#data.push(value);
    else if (field === "event") this.#event = value;
    else if (field === "id" && !value.includes("\0")) {
      this.#lastId = value;
      this.#hasId = true;
    }
    return null;
  }

  #dispatch(): StreamMessage | null {
    const message = { lastId: this.#lastId, hasId: this.#hasId, event: this.#event === "" ? "message" : this.#event, data: this.#data.join("\n") };
    const isEmpty = this.#data.length === 0;
    this.#event = "";
    this.#data = [];
    this.#hasId = false;
    return isEmpty ? null : message;
  }
}
