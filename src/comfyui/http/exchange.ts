import type { Clock, Timer } from "../../telemetry/clock.ts";
import { ConnectionFault } from "../connection-fault.ts";
import { AnswerBody, type BodySource } from "./answer-body.ts";
import type { AnswerHead } from "./answer-head.ts";
import type { AnswerSink } from "./answer-reader.ts";
import type { Question } from "./request.ts";

/**
 * Most bytes of an answer that is read into memory: the queue holds the whole graph of everything that waits, and a
 * history entry the printed tensors of a failure; more than this is not an answer but an attack.
 */
const maxAnswerBytes = 256 * 2 ** 20;

export interface Answer {
  readonly status: number;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly text: string;
}

/** An answer whose body has not been read. */
export interface OpenAnswer {
  readonly status: number;
  /** Must be read to its end or destroyed: else the connection stays. */
  readonly body: AnswerBody;
}

class TextAnswer implements Answer {
  readonly #head: AnswerHead;
  readonly text: string;

  constructor(head: AnswerHead, text: string) {
    this.#head = head;
    this.text = text;
  }

  get status(): number {
    return this.#head.status;
  }

  get headers(): Readonly<Record<string, string | undefined>> {
    return this.#head.headers;
  }
}

export interface ExchangeParams<T> {
  readonly question: Question;
  readonly clock: Clock;
  /** Until the answer is there whole or its head is there, as the kind of exchange has it. */
  readonly timeoutMs: number;
  readonly written: (() => void) | undefined;
  readonly answered: (answer: T) => void;
  /** Told once, and only when it has not been answered. */
  readonly faulted: (fault: ConnectionFault) => void;
}

/** One question and its answer, on whichever connection carries it. */
abstract class Exchange<T> implements AnswerSink {
  readonly question: Question;
  protected readonly clock: Clock;
  protected readonly timeoutMs: number;
  /** To be told when the system has all of the request. */
  readonly written: (() => void) | undefined;
  readonly #answered: (answer: T) => void;
  readonly #faulted: (fault: ConnectionFault) => void;
  readonly #limit: Timer;
  #isSettled = false;
  protected source: BodySource | null = null;

  constructor({ question, clock, timeoutMs, written, answered, faulted }: ExchangeParams<T>) {
    this.question = question;
    this.clock = clock;
    this.timeoutMs = timeoutMs;
    this.written = written;
    this.#answered = answered;
    this.#faulted = faulted;
    this.#limit = clock.after(timeoutMs, () => {
      this.failed(ConnectionFault.timeout(timeoutMs));
      this.source?.breakOff();
    });
  }

  /** @param source the connection that carries it from here on */
  carriedBy(source: BodySource): void {
    this.source = source;
  }

  /** Neither answered nor failed. */
  get isPending(): boolean {
    return !this.#isSettled;
  }

  abstract head(head: AnswerHead): void;
  abstract whole(memory: Buffer, start: number, end: number): void;
  abstract piece(piece: Buffer): void;
  abstract end(): void;

  /** No more of the answer should be read for now. */
  get isFull(): boolean {
    return false;
  }

  /** Something came. */
  stirred(): void {}

  failed(fault: ConnectionFault): void {
    if (this.#isSettled) return;
    this.#settle();
    this.written?.();
    this.#faulted(fault);
  }

  protected answered(answer: T): void {
    if (this.#isSettled) return;
    this.#settle();
    this.#answered(answer);
  }

  #settle(): void {
    this.#isSettled = true;
    this.#limit.cancel();
  }
}

/** Whose answer is text, and wanted whole. */
export class TextExchange extends Exchange<Answer> {
  #head: AnswerHead | null = null;
  #pieces: Buffer[] = [];
  #bytes = 0;

  override head(head: AnswerHead): void {
    this.#head = head;
    if (head.framing.by === "length") this.#allow(head.framing.length);
  }

  override whole(memory: Buffer, start: number, end: number): void {
    this.#tell(memory.toString("utf8", start, end));
  }

  override piece(piece: Buffer): void {
    this.#bytes += piece.length;
    this.#allow(this.#bytes);
    this.#pieces.push(piece);
  }

  override end(): void {
    const [first] = this.#pieces;
    this.#tell((this.#pieces.length === 1 && first !== undefined ? first : Buffer.concat(this.#pieces)).toString("utf8"));
  }

  #tell(text: string): void {
    if (this.#head !== null) this.answered(new TextAnswer(this.#head, text));
  }

  #allow(bytes: number): void {
    if (bytes > maxAnswerBytes) throw new ConnectionFault({ reason: "answered with far too many bytes", mayHaveArrived: true });
  }
}

/** Whose answer is there when its head is. */
export class OpenExchange extends Exchange<OpenAnswer> {
  #body: AnswerBody | null = null;

  override head({ status }: AnswerHead): void {
    if (this.source === null) return;
    this.#body = new AnswerBody({ source: this.source, clock: this.clock, idleMs: this.timeoutMs });
    this.answered({ status, body: this.#body });
  }

  override whole(memory: Buffer, start: number, end: number): void {
    if (end > start) {
      const piece = Buffer.allocUnsafeSlow(end - start);
      memory.copy(piece, 0, start, end);
      this.#body?.push(piece);
    }
    this.#body?.end();
  }

  override piece(piece: Buffer): void {
    this.#body?.push(piece);
  }

  override end(): void {
    this.#body?.end();
  }

  override get isFull(): boolean {
    return this.#body?.isFull ?? false;
  }

  override stirred(): void {
    this.#body?.stirred();
  }

  override failed(fault: ConnectionFault): void {
    if (this.#body === null) super.failed(fault);
    else this.#body.fail(fault);
  }
}
