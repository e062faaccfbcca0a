import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseBinaryFrame } from "./binary-frame.ts";
import { haveTraces, readTrace, type Trace } from "./traces.ts";

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function withMetadata(metadata: object, image: Buffer): Buffer {
  const text = Buffer.from(JSON.stringify(metadata));
  return Buffer.concat([u32(4), u32(text.length), text, image]);
}

function binaryFrames(frames: Trace["ws_owner_a"]): Buffer[] {
  return frames.flatMap((frame) => ("binary_base64" in frame && typeof frame.binary_base64 === "string" ? [Buffer.from(frame.binary_base64, "base64")] : []));
}

const metadata = { prompt_id: "p", node_id: "1.0.0.2", display_node_id: "1", real_node_id: "1", parent_node_id: null, image_type: "image/png" };

describe("parseBinaryFrame", () => {
  it("reads an image without metadata, as JPEG or PNG", () => {
    const image = Buffer.from([1, 2, 3]);
    expect(parseBinaryFrame(Buffer.concat([u32(1), u32(1), image]))).toEqual({ source: null, contentType: "image/jpeg", image });
    expect(parseBinaryFrame(Buffer.concat([u32(1), u32(2), image]))).toEqual({ source: null, contentType: "image/png", image });
  });

  it("reads an image with metadata and names the node of the graph, not the expanded one", () => {
    const image = Buffer.from([9]);
    expect(parseBinaryFrame(withMetadata(metadata, image))).toEqual({ source: { promptId: "p", nodeId: "1" }, contentType: "image/png", image });
  });

  it("drops text frames, unknown frames, lying lengths, and images of a kind that can hold scripts", () => {
    expect(parseBinaryFrame(Buffer.concat([u32(3), u32(1), Buffer.from("3hello text")]))).toBeNull();
    expect(parseBinaryFrame(Buffer.concat([u32(77), u32(1)]))).toBeNull();
    expect(parseBinaryFrame(Buffer.concat([u32(4), u32(4_000_000_000), Buffer.from("{}")]))).toBeNull();
    expect(parseBinaryFrame(Buffer.concat([u32(4), u32(3), Buffer.from("{a}")]))).toBeNull();
    expect(parseBinaryFrame(withMetadata({ ...metadata, image_type: "image/svg+xml" }, Buffer.of(1)))).toBeNull();
    expect(parseBinaryFrame(Buffer.of(0, 0, 0, 1))).toBeNull();
  });

  it("never throws", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        expect(() => parseBinaryFrame(Buffer.from(bytes))).not.toThrow();
      }),
    );
    fc.assert(
      fc.property(fc.json(), (json) => {
        expect(parseBinaryFrame(Buffer.concat([u32(4), u32(Buffer.byteLength(json)), Buffer.from(json)]))).toBeNull();
      }),
    );
  });

  it.skipIf(!haveTraces)("reads the previews that a real ComfyUI sent", () => {
    const typed = readTrace("14_progress_preview_type4");
    for (const frame of binaryFrames(typed.ws_owner_a)) {
      expect(parseBinaryFrame(frame)).toMatchObject({ source: { promptId: typed.request.prompt_id, nodeId: "1" }, contentType: "image/jpeg" });
    }
    const plain = binaryFrames(readTrace("15_progress_preview_type1").ws_other_b);
    expect(plain.length).toBe(3);
    for (const frame of plain) expect(parseBinaryFrame(frame)).toMatchObject({ source: null, contentType: "image/jpeg" });
  });
});
