import { describe, expect, it } from "vitest";
import { previewFrame, previewFrameWithMetadata, textFrame } from "./binary-frame.ts";

const image = { format: "png", bytes: Buffer.from("picture") } as const;

describe("binary frames", () => {
  it("put the picture of a preview at byte 8, after event 1 and format 2", () => {
    const frame = previewFrame(image);
    expect([frame.readUInt32BE(0), frame.readUInt32BE(4), frame.toString("utf8", 8)]).toEqual([1, 2, "picture"]);
    expect(previewFrame({ ...image, format: "jpeg" }).readUInt32BE(4)).toBe(1);
  });

  it("put the length of the metadata before it and the picture after it, as event 4", () => {
    const frame = previewFrameWithMetadata(image, { node_id: "3" });
    const length = frame.readUInt32BE(4);
    expect(frame.readUInt32BE(0)).toBe(4);
    expect(JSON.parse(frame.toString("utf8", 8, 8 + length))).toEqual({ node_id: "3", image_type: "image/png" });
    expect(frame.toString("utf8", 8 + length)).toBe("picture");
  });

  it("put the bytes of the node id, not its characters, before a text, as event 3", () => {
    expect(textFrame("ü", "text")).toEqual(Buffer.from([0, 0, 0, 3, 0, 0, 0, 2, 0xc3, 0xbc, ...Buffer.from("text")]));
  });
});
