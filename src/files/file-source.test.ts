import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseFileSource } from "./file-source.ts";

const content = Buffer.from("these are the bytes of a file");
const base64 = content.toString("base64");
const fileId = "0a".repeat(32);

describe("parseFileSource", () => {
  it("reads an https: or http: URL", () => {
    expect(parseFileSource(" https://example.com/a.png?x=1 ")).toEqual({ from: "url", url: new URL("https://example.com/a.png?x=1") });
    expect(parseFileSource("HTTP://example.com")).toMatchObject({ from: "url" });
  });

  it.each([
    [`data:image/png;base64,${base64}`, { from: "inline", content, contentType: "image/png" }],
    [`data:;base64,${base64}`, { from: "inline", content }],
    [`DATA:image/png;charset=x;BASE64,${base64}`, { from: "inline", content, contentType: "image/png" }],
    ["data:,a%20b+c%FF", { from: "inline", content: Buffer.from([0x61, 0x20, 0x62, 0x2b, 0x63, 0xff]) }],
    ["data:text/plain;charset=utf-8,größe", { from: "inline", content: Buffer.from("größe"), contentType: "text/plain" }],
    ["data:image/gif;base64,R0lG%4FA%3D%3D", { from: "inline", content: Buffer.from("R0lGOA==", "base64"), contentType: "image/gif" }],
  ])("reads a data: URI: %s", (text, source) => {
    expect(parseFileSource(text)).toEqual(source);
  });

  it("reads plain base64, in lines and without its padding too", () => {
    for (const text of [base64, base64.replaceAll(/(.{8})/g, "$1\r\n"), base64.replace(/=+$/, ""), `  ${base64}\n`]) {
      expect(parseFileSource(text)).toEqual({ from: "inline", content });
    }
  });

  it("reads the bytes of any file back from its base64 and its data: URI", () => {
    fc.assert(fc.property(fc.uint8Array({ minLength: 16, maxLength: 200 }), (any) => {
      const bytes = Buffer.from(any);
      const escaped = [...any].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join("");
      for (const text of [bytes.toString("base64"), `data:;base64,${bytes.toString("base64")}`, `data:,${escaped}`]) {
        expect(parseFileSource(text)).toEqual({ from: "inline", content: bytes });
      }
    }));
  });

  it("reads an uploaded file's id", () => {
    expect(parseFileSource(`file:${fileId}`)).toEqual({ from: "stored", fileId });
    expect(parseFileSource(`file:${fileId.toUpperCase()}`)).toEqual({ from: "stored", fileId });
  });

  it("reads an earlier job's output", () => {
    expect(parseFileSource("job:0f8fad5b-d9cb-469f-a165-70867728950e#12")).toEqual({
      from: "output", jobId: "0f8fad5b-d9cb-469f-a165-70867728950e", index: 12,
    });
  });

  it.each([
    "", "   ", "photo.png", "photo", "C:\\photo.png", "./photo.png", "/etc/passwd", "file:///etc/passwd", "file:../../etc/passwd", `file:${fileId}0`,
    "ftp://example.com/a.png", "javascript:alert(1)", "blob:https://example.com/x", "https://", "http://[", "job:abc", "job:#1", "job:a/../b#1",
    "job:a#-1", "job:a#1.5", "data:image/png;base64", "data:image/png;base64,", "data:,", "data:image/png;base64,@@@@", "data:,%zz", "data:,%2",
    `${base64}=`, "A".repeat(41), `${"A".repeat(40)}=`, `${"A".repeat(30)}=A`, `${"A".repeat(30)}-_`, `${"A".repeat(30)}ä`,
  ])("refuses %j and says what is accepted", (text) => {
    expect(() => parseFileSource(text)).toThrow(expect.objectContaining({ code: "invalid_file", detail: expect.stringContaining("file:{id}") }));
  });

  it("takes no time over a long text that is no file", () => {
    const long = "A".repeat(5_000_000);
    expect(() => parseFileSource(`${long}!`)).toThrow("invalid_file");
    expect(() => parseFileSource(`data:,${"%4".repeat(1_000_000)}`)).toThrow("invalid_file");
  });
});
