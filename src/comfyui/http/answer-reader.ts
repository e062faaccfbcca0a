import { ConnectionFault } from "../connection-fault.ts";
import { AnswerHead } from "./answer-head.ts";

/** Of one answer, those before it that only say "wait" and the lines behind its chunks included. ComfyUI's are 300 bytes. */
const maxHeadBytes = 64 * 1024;

/** Of the size of a chunk, for which a few would do, and of each line behind the last: what they say besides is nothing to us. */
const maxLineBytes = 1024;

/** A body up to this comes as one piece: what ComfyUI's pictures are below, and what a call under way may take of memory. */
const maxWholeBytes = 1024 * 1024;

/** A longer one comes in pieces of this: few enough of them, and small enough for some of each download to lie around. */
const pieceBytes = 256 * 1024;

const endOfHead = Buffer.from("\r\n\r\n");
const beginOfHead = "HTTP/1.";
const lineFeed = 0x0a;

/** 13 hexadecimal digits are below 2^53. Also matches what may still become one. */
const sizeLine = /^([0-9a-f]{1,13})[ \t]*(?:;[^\0\r\n]*)?(?:\r\n?)?$/i;

/** What an answer is told to, in this order: its head, then all of its body at once or its pieces and its end. */
export interface AnswerSink {
  head(head: AnswerHead): void;
  /** The whole body, in memory that is used again for the next read. */
  whole(memory: Buffer, start: number, end: number): void;
  /** In memory of its own, which is the receiver's. */
  piece(piece: Buffer): void;
  end(): void;
}

/**
 * Reads one answer of HTTP/1.1 (RFC 9112), strictly: what could be read in two ways is refused. Bytes come into the memory
 * that it names: heads and what is small into memory shared by all connections, a body of known length into the memory that
 * its receiver gets.
 */
export class AnswerReader {
  /** Where the next bytes are to be put. */
  target: Buffer;
  /** Whether anything came at all. */
  hasBegun = false;
  /** The end of the answer has been told. */
  isDone = false;
  /** How long the connection may be kept afterwards; 0: not at all. */
  keepMs = 0;

  readonly #memory: Buffer;
  readonly #hasNoBody: boolean;
  readonly #sink: AnswerSink;
  #state: "head" | "length" | "close" | "size" | "chunk" | "chunk end" | "trailer" = "head";
  /** A head that came in more than one read, so far. */
  #early: Buffer | null = null;
  #earlyBytes = 0;
  #headBytes = 0;
  /** Bytes to come: of the body, or of its chunk. */
  #left = 0;
  #piece: Buffer | null = null;
  #filled = 0;
  #line = "";

  /** @param memory used only between a read and what is made of it */
  constructor({ memory, hasNoBody, sink }: { readonly memory: Buffer; readonly hasNoBody: boolean; readonly sink: AnswerSink }) {
    this.target = memory;
    this.#memory = memory;
    this.#hasNoBody = hasNoBody;
    this.#sink = sink;
  }

  /**
   * So many more bytes lie at the beginning of `target`.
   *
   * @throws {ConnectionFault} when they are no answer
   */
  arrived(bytes: number): void {
    this.hasBegun = true;
    if (this.#piece !== null) this.#fill(this.#piece, bytes);
    else if (this.#state !== "head") this.#takeBody(this.#memory, 0, bytes);
    else if (this.#early === null) this.#takeHead(this.#memory, 0, bytes);
    else {
      const known = this.#earlyBytes;
      this.#memory.copy(this.#early, known, 0, bytes);
      this.#takeHead(this.#early, known, known + bytes);
    }
  }

  /**
   * The connection was closed by its other end.
   *
   * @throws {ConnectionFault} when the answer is not whole
   */
  closed(): void {
    if (this.#state !== "close") throw ConnectionFault.closed();
    this.isDone = true;
    this.#sink.end();
  }

  /** @param known so many bytes of it were searched before */
  #takeHead(input: Buffer, known: number, end: number): void {
    let at = 0;
    for (let from = Math.max(0, known - endOfHead.length + 1); ; from = at) {
      const stop = input.indexOf(endOfHead, from);
      // Beyond `end` lies what was read before.
      const isWhole = stop !== -1 && stop + endOfHead.length <= end;
      const bytes = (isWhole ? stop : end) - at;
      if (this.#headBytes + bytes > maxHeadBytes) throw ConnectionFault.notHttp();
      if (!isWhole) {
        this.#keepEarly(input, at, end);
        return;
      }
      this.#headBytes += bytes;
      const head = new AnswerHead(input.toString("latin1", at, stop), this.#hasNoBody);
      at = stop + endOfHead.length;
      if (head.status >= 200) {
        this.#early = null;
        this.#begin(head, input, at, end);
        return;
      }
      // What it would switch to was not asked for; all others only say that the answer comes later.
      if (head.status === 101) throw ConnectionFault.notHttp();
    }
  }

  #keepEarly(input: Buffer, at: number, end: number): void {
    const begin = input.toString("latin1", at, Math.min(end, at + beginOfHead.length));
    // Another protocol may wait for us to go on.
    if (!beginOfHead.startsWith(begin)) throw ConnectionFault.notHttp();
    this.#early ??= Buffer.allocUnsafeSlow(maxHeadBytes + this.#memory.length);
    if (input !== this.#early || at > 0) input.copy(this.#early, 0, at, end);
    this.#earlyBytes = end - at;
  }

  #begin(head: AnswerHead, input: Buffer, at: number, end: number): void {
    this.keepMs = head.keepMs;
    const { framing } = head;
    if (framing.by !== "length") {
      this.#state = framing.by === "close" ? "close" : "size";
      this.#sink.head(head);
      this.#takeBody(input, at, end);
      return;
    }
    const here = end - at;
    if (here > framing.length) throw ConnectionFault.notHttp();
    this.#sink.head(head);
    if (here === framing.length) {
      this.isDone = true;
      this.#sink.whole(input, at, end);
      return;
    }
    this.#state = "length";
    this.#left = framing.length;
    const piece = this.#nextPiece();
    // No more than a read, and a piece is larger or all there is.
    input.copy(piece, 0, at, end);
    this.#fill(piece, here);
  }

  #nextPiece(): Buffer {
    const piece = Buffer.allocUnsafeSlow(this.#left <= maxWholeBytes && this.#piece === null ? this.#left : Math.min(this.#left, pieceBytes));
    this.#piece = piece;
    this.#filled = 0;
    return piece;
  }

  #fill(piece: Buffer, bytes: number): void {
    this.#filled += bytes;
    if (this.#filled < piece.length) {
      this.target = piece.subarray(this.#filled);
      return;
    }
    this.#left -= piece.length;
    this.isDone = this.#left === 0;
    this.target = this.isDone ? this.#memory : this.#nextPiece();
    this.#sink.piece(piece);
    if (this.isDone) this.#sink.end();
  }

  /** What is neither of known length: its bytes are moved together, and passed on as one piece. */
  #takeBody(input: Buffer, start: number, end: number): void {
    let to = start;
    for (let at = start; at < end; ) {
      // Bytes after the end of an answer belong to nobody.
      if (this.isDone) throw ConnectionFault.notHttp();
      if (this.#state !== "close" && this.#state !== "chunk") {
        at = this.#takeLine(input, at, end);
        continue;
      }
      const bytes = this.#state === "close" ? end - at : Math.min(this.#left, end - at);
      if (to !== at) input.copyWithin(to, at, at + bytes);
      to += bytes;
      at += bytes;
      if (this.#state === "close") continue;
      this.#left -= bytes;
      if (this.#left === 0) this.#state = "chunk end";
    }
    if (to > start) {
      const piece = Buffer.allocUnsafeSlow(to - start);
      input.copy(piece, 0, start, to);
      this.#sink.piece(piece);
    }
    if (this.isDone) this.#sink.end();
  }

  /** @returns where to go on */
  #takeLine(input: Buffer, at: number, end: number): number {
    const feed = input.indexOf(lineFeed, at);
    const isWhole = feed !== -1 && feed < end;
    const next = isWhole ? feed + 1 : end;
    this.#line += input.toString("latin1", at, Math.min(next, at + maxLineBytes + 1));
    const line = this.#line;
    if (this.#state === "trailer") this.#headBytes += next - at;
    if (this.#headBytes > maxHeadBytes) throw ConnectionFault.notHttp();
    if (line.length > maxLineBytes || (isWhole && !line.endsWith("\r\n"))) throw ConnectionFault.notHttp();
    // What can be no line any more is refused now: its end may never come.
    if (this.#state === "chunk end" && !"\r\n".startsWith(line)) throw ConnectionFault.notHttp();
    if (this.#state === "size" && !sizeLine.test(line)) throw ConnectionFault.notHttp();
    if (!isWhole) return next;
    this.#line = "";
    if (this.#state === "size") this.#beginChunk(Number.parseInt(line, 16));
    else if (this.#state === "chunk end") this.#state = "size";
    else if (line === "\r\n") this.isDone = true;
    return next;
  }

  #beginChunk(length: number): void {
    this.#left = length;
    this.#state = length === 0 ? "trailer" : "chunk";
  }
}
