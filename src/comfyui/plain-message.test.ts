import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { plainException, plainText, withoutHostPaths } from "./plain-message.ts";

describe("withoutHostPaths", () => {
  it.each([
    ["[Errno 2] No such file or directory: '/home/Jane Roe/ComfyUI/input/cat.png'", "[Errno 2] No such file or directory: 'cat.png'"],
    ["cannot open /opt/ComfyUI/models/x.safetensors for reading", "cannot open x.safetensors for reading"],
    ["folder:/opt/ComfyUI/output", "folder:<path>"],
    ["see /home/Jane Roe/ComfyUI/a.png: broken", "see a.png: broken"],
    ["bad file C:\\Users\\Jane Roe\\ComfyUI\\a.png", "bad file a.png"],
    ['at "D:/comfy/input/b.jpg"', 'at "b.jpg"'],
    ["from \\\\nas\\share\\models\\m.ckpt", "from m.ckpt"],
    ["file:///opt/ComfyUI/x.py failed", "x.py failed"],
  ])("takes the folders out of %j", (text, clean) => {
    expect(withoutHostPaths(text)).toBe(clean);
  });

  it.each([
    "expected 1/2 and/or 3 / 4 values",
    "download it from https://huggingface.co/a/b.safetensors",
    "models/vae/ae.safetensors is missing",
    "shape [1, 3, 64] cannot be broadcast",
    "image - Invalid image file: sub/nope.png",
  ])("leaves %j alone", (text) => {
    expect(withoutHostPaths(text)).toBe(text);
  });
});

describe("plainException", () => {
  it("keeps the first paragraph and drops tips, tracebacks and lines that only tell paths", () => {
    expect(
      plainException(
        "**** ERROR: Saving image outside the output folder is not allowed.\n full_output_folder: /opt/ComfyUI\n         output_dir: /opt/ComfyUI/run/output\n",
      ),
    ).toBe("Saving image outside the output folder is not allowed.");
    expect(plainException("CUDA out of memory. Tried to allocate 1 GiB\nThis error means you ran out of memory on your GPU.\n\nTIPS: If the workflow …")).toBe(
      "CUDA out of memory. Tried to allocate 1 GiB This error means you ran out of memory on your GPU.",
    );
    expect(plainException('boom\nTraceback (most recent call last):\n  File "/opt/x.py", line 1')).toBe("boom");
    expect(plainException("a\nTIPS: b")).toBe("a");
  });

  it("says so when there is nothing to say", () => {
    expect(plainException(" \n\n ")).toBe("The node gave no reason.");
  });

  it("is one bounded line for any text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 6000 }), (text) => {
        for (const line of [plainException(text), plainText(text)]) {
          expect(line.length).toBeLessThanOrEqual(500);
          expect(line).not.toContain("\n");
        }
      }),
    );
  });

  it("reads a hostile text in one pass", () => {
    const text = `${"/a ".repeat(2000)}${"C:\\x ".repeat(2000)}${"\\\\s\\".repeat(2000)}`;
    expect(plainText(text).length).toBeLessThanOrEqual(500);
  });
});
