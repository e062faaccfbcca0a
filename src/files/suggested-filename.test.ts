import { expect, it } from "vitest";
import { suggestedFilename } from "./suggested-filename.ts";

const url = new URL("https://example.com/folder/from%20url.png?name=x");

it.each([
  [undefined, "from url.png"],
  ["inline", "from url.png"],
  ["attachment; filename=plain.jpg", "plain.jpg"],
  ['attachment; filename="with \\"quotes\\".jpg"; size=3', 'with "quotes".jpg'],
  ["attachment; filename=\"old.jpg\"; filename*=UTF-8''gr%C3%B6%C3%9Fe.jpg", "größe.jpg"],
  ["attachment; filename*=UTF-8''%zz.jpg", "%zz.jpg"],
  ['attachment; filename="../../etc/passwd"', "passwd"],
  ["attachment; filename=\"C:\\\\dir\\\\evil.png\"", "evil.png"],
  ["attachment; filename*=UTF-8''..%2F..%2Fevil.png", "evil.png"],
  ['attachment; filename=""', "from url.png"],
  ['attachment; filename=".."', "from url.png"],
  ["attachment; filename*=UTF-8''a%00b%0A.png", "ab.png"],
])("of the header %j is %j", (header, name) => {
  expect(suggestedFilename(header, url)).toBe(name);
});

it("is unknown when neither header nor URL has one", () => {
  expect(suggestedFilename(undefined, new URL("https://example.com/"))).toBeUndefined();
});

it("keeps the end of a long name, where its extension is", () => {
  const name = suggestedFilename(`attachment; filename=${"a".repeat(5000)}.png`, url);
  expect(name).toHaveLength(255);
  expect(name).toMatch(/\.png$/);
});
