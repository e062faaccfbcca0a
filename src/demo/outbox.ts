import type { Duplex } from "node:stream";
import { WebSocket } from "ws";

/** The opcodes of RFC 6455 §5.2 that a message has. */
const opcodes = { text: 1, binary: 2 } as const;

const lastFrame = 0x80;
/** A length beyond this stands in the two bytes that follow, or beyond those in the eight that follow. */
const maxShortLength = 125;
const lengthIn2Bytes = 126;
const lengthIn8Bytes = 127;
const maxLengthIn2Bytes = 0xff_ff;

/** A whole message as it goes over the wire, unmasked as a server sends it. One serves for all who hear it. */
export function messageFrame(message: string | Uint8Array): Buffer {
  const isText = typeof message === "string";
  const size = isText ? Buffer.byteLength(message) : message.byteLength;
  const headSize = size <= maxShortLength ? 2 : size <= maxLengthIn2Bytes ? 4 : 10;
  const frame = Buffer.allocUnsafe(headSize + size);
  frame[0] = lastFrame | (isText ? opcodes.text : opcodes.binary);
  if (headSize === 2) frame[1] = size;
  else if (headSize === 4) {
    frame[1] = lengthIn2Bytes;
    frame.writeUInt16BE(size, 2);
  } else {
    frame[1] = lengthIn8Bytes;
    frame.writeBigUInt64BE(BigInt(size), 2);
  }
  if (isText) frame.write(message, headSize);
  else frame.set(message, headSize);
  return frame;
}

/**
 * What leaves by one socket. Frames wait until they are let go, and go in one piece: a system call for each, and for the
 * other side a wake-up, costs more than all the rest of a short run.
 */
export class Outbox {
  readonly #socket: WebSocket;
  readonly #connection: Duplex;
  #frames: Buffer[] = [];
  #isSilent = false;

  /** @param connection what the socket writes to: whole frames may go there at any time, since it compresses none */
  constructor(socket: WebSocket, connection: Duplex) {
    this.#socket = socket;
    this.#connection = connection;
  }

  get isSilent(): boolean {
    return this.#isSilent;
  }

  /** @returns whether it is the first that waits */
  put(frame: Buffer): boolean {
    if (this.#isSilent) return false;
    return this.#frames.push(frame) === 1;
  }

  letGo(): void {
    const frames = this.#frames;
    const [only, ...more] = frames;
    if (only === undefined) return;
    this.#frames = [];
    // After its close frame, a socket says nothing more.
    if (this.#socket.readyState === WebSocket.OPEN) this.#connection.write(more.length === 0 ? only : Buffer.concat(frames));
  }

  answerPing(data: Buffer): void {
    if (this.#isSilent) return;
    this.letGo();
    this.#socket.pong(data);
  }

  /** From now on nothing leaves, and nothing is read. */
  silence(): void {
    this.letGo();
    this.#isSilent = true;
    this.#socket.pause();
  }

  drop(): void {
    this.letGo();
    this.#socket.terminate();
  }
}
