import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { contentDisposition, mayShowInline } from "./content-disposition.ts";

describe("contentDisposition", () => {
  it.each([
    ["a.png", 'inline; filename="a.png"'],
    ["bild ü.png", "inline; filename=\"bild _.png\"; filename*=UTF-8''bild%20%C3%BC.png"],
    ['a"b.png', "inline; filename=\"a_b.png\"; filename*=UTF-8''a%22b.png"],
    ["../../etc/passwd", 'inline; filename="passwd"'],
    ["..\\evil.exe", 'inline; filename="evil.exe"'],
    ["a\r\nSet-Cookie: x=1.png", 'inline; filename="aSet-Cookie: x=1.png"'],
    ["gnp\u202Eexe.png", 'inline; filename="gnpexe.png"'],
    ["..", 'inline; filename="file"'],
    ["", 'inline; filename="file"'],
  ])("writes %j as %s", (filename, header) => {
    expect(contentDisposition("inline", filename)).toBe(header);
  });

  it("is a header that can be sent, whatever the name", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (filename) => {
        const header = contentDisposition("attachment", filename);
        expect(new Headers({ "Content-Disposition": header }).get("Content-Disposition")).toBe(header);
        expect(header).toMatch(/^attachment; filename="[\x20-\x7e]*"(; filename\*=UTF-8''[A-Za-z0-9%._~!&+$#^`|-]+)?$/);
      }),
    );
  });
});

it.each([
  ["image/png", true],
  ["video/mp4", true],
  ["text/plain; charset=utf-8", true],
  ["image/svg+xml", false],
  ["text/html", false],
  ["application/xhtml+xml", false],
  ["text/xml", false],
  ["application/pdf", false],
  ["application/octet-stream", false],
])("says whether a browser may show %s by itself: %s", (contentType, isShown) => {
  expect(mayShowInline(contentType)).toBe(isShown);
});
