import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EventStreamParser, type StreamMessage } from "./event-stream.ts";

function parse(...chunks: readonly string[]): readonly StreamMessage[] {
  const parser = new EventStreamParser();
  return chunks.flatMap((chunk) => parser.push(Buffer.from(chunk)));
}

describe("an event stream", () => {
  it("gives id, event and data of each message", () => {
    expect(parse('id: 1\nevent: queued\ndata: {"a":1}\n\nid: 2\nevent: started\ndata: {}\n\n')).toEqual([
      { lastId: "1", hasId: true, event: "queued", data: '{"a":1}' },
      { lastId: "2", hasId: true, event: "started", data: "{}" },
    ]);
  });

  it("remembers the id for messages that have none", () => {
    expect(parse("id: 7\ndata: a\n\nevent: preview\ndata: b\n\n").map(({ lastId, hasId, event }) => [lastId, hasId, event])).toEqual([
      ["7", true, "message"],
      ["7", false, "preview"],
    ]);
  });

  it("leaves out comments, unknown fields, messages without data, and one that was cut off", () => {
    expect(parse(": heartbeat\n\nretry: 500\nfoo: bar\n\nevent: x\n\ndata: whole\n\nid: 9\ndata: cut")).toEqual([
      { lastId: "", hasId: false, event: "message", data: "whole" },
    ]);
  });

  it("takes one space after the colon away, and joins lines of data", () => {
    expect(parse("data:a\ndata:  b\ndata\n\n")[0]?.data).toBe("a\n b\n");
  });

  it("takes no notice of a byte order mark and of an id with NUL", () => {
    expect(parse("\uFEFFid: 1\0\ndata: a\n\n")).toEqual([{ lastId: "", hasId: false, event: "message", data: "a" }]);
  });

  it("is the same however its bytes are cut up and its lines end", () => {
    const text = 'id: 1\nevent: progress\ndata: {"title":"Größe 猫 🎨"}\n\n: hi\n\ndata: x\ndata: y\n\n';
    const whole = parse(text);
    expect(whole).toHaveLength(2);
    fc.assert(
      fc.property(fc.constantFrom("\n", "\r\n", "\r"), fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), (end, sizes) => {
        const bytes = Buffer.from(text.replaceAll("\n", end));
        const parser = new EventStreamParser();
        const found: StreamMessage[] = [];
        for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
          const size = sizes[turn % sizes.length] ?? 1;
          found.push(...parser.push(bytes.subarray(at, at + size)));
          at += size;
        }
        expect(found).toEqual(whole);
      }),
    );
  });

  it("ends with an error when a line never ends", () => {
    const parser = new EventStreamParser();
    const chunk = Buffer.alloc(8 * 1024 * 1024, "x");
    expect(() => {
      for (let sent = 0; sent < 6; sent += 1) parser.push(chunk);
    }).toThrow(RangeError);
  });
});
