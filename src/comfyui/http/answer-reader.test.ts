import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ConnectionFault } from "../connection-fault.ts";
import type { AnswerHead } from "./answer-head.ts";
import { AnswerReader, type AnswerSink } from "./answer-reader.ts";

/** What was told of an answer. */
class Told implements AnswerSink {
  heads: AnswerHead[] = [];
  pieces: Buffer[] = [];
  ends = 0;

  head(head: AnswerHead): void {
    this.heads.push(head);
  }

  whole(memory: Buffer, start: number, end: number): void {
    this.pieces.push(Buffer.from(memory.subarray(start, end)));
    this.ends += 1;
  }

  piece(piece: Buffer): void {
    this.pieces.push(piece);
  }

  end(): void {
    this.ends += 1;
  }

  get body(): Buffer {
    return Buffer.concat(this.pieces);
  }
}

interface Reading {
  readonly parts: readonly Uint8Array[];
  readonly hasNoBody?: boolean;
  readonly memoryBytes?: number;
  readonly closes?: boolean;
}

/** Puts bytes where they are wanted, as the system does: no more at a time than there is room. */
function read({ parts, hasNoBody = false, memoryBytes = 16 * 1024, closes = false }: Reading): { readonly told: Told; readonly reader: AnswerReader } {
  const told = new Told();
  const reader = new AnswerReader({ memory: Buffer.alloc(memoryBytes, "\r\n"), hasNoBody, sink: told });
  for (const part of parts) {
    for (let at = 0; at < part.length; ) {
      const { target } = reader;
      const bytes = part.subarray(at, at + target.length);
      target.set(bytes);
      at += bytes.length;
      reader.arrived(bytes.length);
    }
  }
  if (closes) reader.closed();
  return { told, reader };
}

function cutUp(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const at = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length];
  return at.slice(1).map((end, index) => bytes.subarray(at[index], end));
}

function faultOf(run: () => unknown): unknown {
  try {
    run();
    return null;
  } catch (error) {
    return error;
  }
}

const latin1 = (text: string): Buffer => Buffer.from(text, "latin1");

const chunk = fc.record({ data: fc.uint8Array({ minLength: 1, maxLength: 700 }), extension: fc.constantFrom("", ";a=b", " ; x"), upper: fc.boolean() });

const framed = fc.oneof(
  fc.uint8Array({ maxLength: 5_000 }).map((data) => ({ header: `Content-Length: ${data.length}\r\n`, wire: Buffer.from(data), body: Buffer.from(data), closes: false })),
  fc.uint8Array({ maxLength: 5_000 }).map((data) => ({ header: "", wire: Buffer.from(data), body: Buffer.from(data), closes: true })),
  fc.record({ chunks: fc.array(chunk, { maxLength: 12 }), trailer: fc.constantFrom("", "x-sum: 1\r\n", "a: b\r\nc: d\r\n") }).map(({ chunks, trailer }) => ({
    header: "transfer-encoding: Chunked\r\n",
    wire: Buffer.concat([
      ...chunks.flatMap(({ data, extension, upper }) => {
        const size = data.length.toString(16);
        return [latin1(`${upper ? size.toUpperCase() : size}${extension}\r\n`), data, latin1("\r\n")];
      }),
      latin1(`0\r\n${trailer}\r\n`),
    ]),
    body: Buffer.concat(chunks.map(({ data }) => data)),
    closes: false,
  })),
);

describe("an answer", () => {
  it("reads the same wherever it is cut, whatever tells the end of its body", () => {
    const answer = fc.record({
      framed,
      status: fc.constantFrom(200, 206, 400, 404, 500),
      early: fc.constantFrom("", "HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 102 Processing\r\nx: y\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n"),
      cuts: fc.array(fc.nat(), { maxLength: 40 }),
      memoryBytes: fc.oneof(fc.integer({ min: 1, max: 300 }), fc.constant(16 * 1024)),
    });
    fc.assert(
      fc.property(answer, ({ framed: { header, wire, body, closes }, status, early, cuts, memoryBytes }) => {
        const bytes = Buffer.concat([latin1(`${early}HTTP/1.1 ${status} Some thing\r\nX-Name:  a b \r\n${header}\r\n`), wire]);
        const { told, reader } = read({ parts: cutUp(bytes, cuts), memoryBytes, closes });
        expect(told.heads.map((head) => head.status)).toEqual([status]);
        expect(told.heads[0]?.headers["x-name"]).toBe("a b");
        expect(told.body.equals(body)).toBe(true);
        expect([told.ends, reader.isDone, reader.keepMs > 0]).toEqual([1, true, !closes]);
      }),
    );
  });

  it("whatever comes is an answer or a fault, and no more is told after its end", () => {
    const line = fc.constantFrom("HTTP/1.1 200 OK", "HTTP/1.0 200", "HTTP/1.1 204 No", "content-length: 3", "content-length: -1", "transfer-encoding: chunked", "3", "abc", "", "connection: close");
    const noise = fc.array(fc.oneof({ weight: 8, arbitrary: line.map((text) => latin1(`${text}\r\n`)) }, { weight: 1, arbitrary: fc.uint8Array({ maxLength: 8 }) }), { maxLength: 12 });
    fc.assert(
      fc.property(noise, fc.array(fc.nat(), { maxLength: 6 }), fc.boolean(), (lines, cuts, hasNoBody) => {
        const bytes = Buffer.concat(lines);
        let ends = 0;
        const fault = faultOf(() => {
          ({ ends } = read({ parts: cutUp(bytes, cuts), hasNoBody, closes: true }).told);
        });
        expect(ends).toBe(fault === null ? 1 : 0);
        expect(fault === null || fault instanceof ConnectionFault).toBe(true);
      }),
    );
  });

  it("of known length comes as one piece in memory of its own up to 1 MiB, and in such pieces beyond", () => {
    for (const [bytes, pieces] of [[20_000, [20_000]], [2 ** 20, [2 ** 20]], [2 ** 20 + 1, [262_144, 262_144, 262_144, 262_144, 1]]] as const) {
      const body = Buffer.alloc(bytes, "abc");
      const { told } = read({ parts: [latin1(`HTTP/1.1 200 OK\r\ncontent-length: ${bytes}\r\n\r\n`), body] });
      expect(told.pieces.map((piece) => piece.length)).toEqual(pieces);
      expect(told.pieces.every((piece) => piece.buffer.byteLength === piece.length)).toBe(true);
      expect(told.body.equals(body)).toBe(true);
    }
  });

  it.each([
    ["to HEAD", "HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\n", true],
    ["of 204", "HTTP/1.1 204 No Content\r\n\r\n", false],
    ["of 304", "HTTP/1.1 304 Not Modified\r\ncontent-length: 7\r\n\r\n", false],
  ])("%s has no body, whatever its headers say", (_name, head, hasNoBody) => {
    const { told, reader } = read({ parts: [latin1(head)], hasNoBody });
    expect([told.body.length, told.ends, reader.isDone]).toEqual([0, 1, true]);
  });

  it.each([
    ["HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", 4_000],
    ["HTTP/1.1 200 OK\r\ncontent-length: 0\r\nConnection: Keep-Alive\r\nKeep-Alive: max=3, timeout=3\r\n\r\n", 2_000],
    ["HTTP/1.1 200 OK\r\ncontent-length: 0\r\nKeep-Alive: timeout=300\r\n\r\n", 4_000],
    ["HTTP/1.1 200 OK\r\ncontent-length: 0\r\nKeep-Alive: timeout=1\r\n\r\n", 0],
    ["HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: x, CLOSE\r\n\r\n", 0],
    ["HTTP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n", 0],
  ])("%j leaves its connection to be kept for %d ms", (head, keepMs) => {
    expect(read({ parts: [latin1(head)] }).reader.keepMs).toBe(keepMs);
  });
});

const begin = "HTTP/1.1 200 OK\r\n";

describe("is not HTTP:", () => {
  it.each([
    ["another protocol, before it ends a line", "220 mail"],
    ["another version", "HTTP/2.0 200 OK\r\n\r\n"],
    ["a status of two digits", "HTTP/1.1 20 OK\r\n\r\n"],
    ["a status below 100", "HTTP/1.1 099 OK\r\n\r\n"],
    ["lines that end in a line feed alone", "HTTP/1.1 200 OK\ncontent-length: 0\n\r\n\r\n"],
    ["a header without a name", `${begin}: a\r\n\r\n`],
    ["a space before the colon", `${begin}content-length : 1\r\n\r\na`],
    ["a folded header", `${begin}x: a\r\n b\r\n\r\n`],
    ["a NUL in a header", `${begin}x: \0\r\n\r\n`],
    ["a negative length", `${begin}content-length: -1\r\n\r\n`],
    ["a length in another notation", `${begin}content-length: 0x10\r\n\r\n`],
    ["a length beyond all numbers", `${begin}content-length: 99999999999999999999\r\n\r\n`],
    ["an empty length", `${begin}content-length:\r\n\r\n`],
    ["two lengths in one header", `${begin}content-length: 1, 2\r\n\r\na`],
    ["two headers of length, be they the same", `${begin}content-length: 1\r\ncontent-length: 1\r\n\r\na`],
    ["length and chunks at a time", `${begin}content-length: 1\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n`],
    ["another transfer encoding", `${begin}transfer-encoding: gzip, chunked\r\n\r\n`],
    ["chunks of HTTP/1.0", "HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"],
    ["a chunk's size that is none, before it ends a line", `${begin}transfer-encoding: chunked\r\n\r\nx`],
    ["a chunk's size with a sign", `${begin}transfer-encoding: chunked\r\n\r\n-1\r\n`],
    ["a chunk's size beyond all numbers", `${begin}transfer-encoding: chunked\r\n\r\nffffffffffffffff\r\n`],
    ["a chunk that is longer than it says", `${begin}transfer-encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n`],
    ["a chunk's size that ends in a line feed alone", `${begin}transfer-encoding: chunked\r\n\r\n1\na\r\n0\r\n\r\n`],
    ["an endless chunk extension", `${begin}transfer-encoding: chunked\r\n\r\n1;${"x".repeat(2_000)}`],
    ["endless lines behind the chunks", `${begin}transfer-encoding: chunked\r\n\r\n0\r\n${"a: b\r\n".repeat(12_000)}`],
    ["bytes behind a body", `${begin}content-length: 1\r\n\r\nab`],
    ["bytes behind the chunks", `${begin}transfer-encoding: chunked\r\n\r\n0\r\n\r\nab`],
    ["a body where there is none", "HTTP/1.1 204 No Content\r\n\r\na"],
    ["a protocol to switch to", "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n"],
    ["a head beyond 64 KiB", `${begin}${"x: yyyyyyyy\r\n".repeat(6_000)}\r\n`],
    ["an endless head", `${begin}x: ${"y".repeat(70_000)}`],
    ["endless heads that say to wait", "HTTP/1.1 100 Continue\r\n\r\n".repeat(4_000)],
  ])("%s", (_name, text) => {
    for (const memoryBytes of [16 * 1024, 7]) {
      const fault = faultOf(() => read({ parts: [latin1(text)], memoryBytes, closes: false }));
      expect(fault).toMatchObject({ name: "ConnectionFault", reason: "answered something that is not HTTP", mayHaveArrived: true });
    }
  });
});

describe("is closed too early:", () => {
  it.each([
    ["before anything came", ""],
    ["in its head", "HTTP/1.1 200 OK\r\ncontent-le"],
    ["after a head that says to wait", "HTTP/1.1 100 Continue\r\n\r\n"],
    ["in a body of known length", `${begin}content-length: 10\r\n\r\nabc`],
    ["in a chunk", `${begin}transfer-encoding: chunked\r\n\r\n5\r\nab`],
    ["before the last chunk", `${begin}transfer-encoding: chunked\r\n\r\n2\r\nab\r\n`],
    ["in the lines behind the last chunk", `${begin}transfer-encoding: chunked\r\n\r\n0\r\na: b\r\n`],
  ])("%s", (_name, text) => {
    expect(faultOf(() => read({ parts: [latin1(text)], closes: true }))).toMatchObject({ name: "ConnectionFault", reason: "closed the connection" });
  });
});
