import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseJson } from "../json/exact.ts";
import { anyJson } from "./json-value.ts";
import { filesAndTexts } from "./ui-output.ts";

const png = { filename: "a_00001_.png", subfolder: "gw", type: "output" } as const;

describe("filesAndTexts", () => {
  it("finds files under any key, with fields it does not know", () => {
    const mp4 = { filename: "x.mp4", subfolder: "", type: "output", format: "video/h264-mp4", frame_rate: 8.0 };
    expect(filesAndTexts({ images: [png], gifs: [mp4], animated: [true] }).files).toEqual([png, { filename: "x.mp4", subfolder: "", type: "output" }]);
  });

  it("finds files at any depth, among nulls and other values", () => {
    const ui = { a: null, b: [null, 3, [[{ deep: { deeper: [{ ...png, type: "temp" }] } }]]] };
    expect(filesAndTexts(ui).files).toEqual([{ ...png, type: "temp" }]);
  });

  it("counts a file named twice once, and one of another type or folder as another", () => {
    const ui = { images: [png, { ...png, metadata: {} }], more: [{ ...png, subfolder: "b" }, { ...png, type: "input" }] };
    expect(filesAndTexts(ui).files).toEqual([png, { ...png, subfolder: "b" }, { ...png, type: "input" }]);
  });

  it("takes a missing type and folder for what /view takes them for", () => {
    expect(filesAndTexts({ x: [{ filename: "a.glb" }] }).files).toEqual([{ filename: "a.glb", subfolder: "", type: "output" }]);
  });

  it("moves a folder in the name to where /view looks for it", () => {
    expect(filesAndTexts({ x: [{ filename: "s/t/a.png", subfolder: "r" }] }).files).toEqual([{ filename: "a.png", subfolder: "r/s/t", type: "output" }]);
  });

  it("leaves out names that no file has and types that ComfyUI does not know", () => {
    expect(filesAndTexts({ x: [{ filename: "" }, { filename: 5 }, { filename: "dir/" }, { filename: "a", type: "elsewhere" }] }).files).toEqual([]);
  });

  it("reads texts as strings, lists and nested lists of strings", () => {
    expect(filesAndTexts({ text: ["0", "1", "2"] }).texts).toEqual(["0", "1", "2"]);
    expect(filesAndTexts({ text: "one" }).texts).toEqual(["one"]);
    expect(filesAndTexts({ STRING: [["a"], [null, "b"]] }).texts).toEqual(["a", "b"]);
  });

  it("takes no other strings for texts", () => {
    expect(filesAndTexts({ result: ["3d/model.glb"], text: [{ content: "x" }], format: "video/mp4", images: [{ ...png, text: "no" }] }).texts).toEqual([]);
  });

  it("never throws and names each file once, whatever JSON comes", () => {
    const entry = fc.oneof(fc.constant("filename"), fc.constant("text"), fc.constant("type"), fc.constant("__proto__"), fc.string());
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof({ depthSize: "medium" }, fc.constantFrom("output", "temp", "a/b.png", "..", ""), fc.jsonValue(), fc.array(tie("tree")), fc.dictionary(entry, tie("tree"))),
    }));
    fc.assert(
      fc.property(tree, (value) => {
        const { files, texts } = filesAndTexts(anyJson.parse(value));
        expect(new Set(files.map((file) => `${file.type}\n${file.subfolder}\n${file.filename}`)).size).toBe(files.length);
        for (const file of files) expect(file.filename).toMatch(/^[^/]+$/);
        for (const text of texts) expect(typeof text).toBe("string");
      }),
    );
  });

  it("survives nesting made to exhaust the stack", () => {
    const ui = anyJson.parse(parseJson(`${"[".repeat(5000)}${"]".repeat(5000)}`));
    expect(filesAndTexts({ text: ui, images: ui })).toEqual({ files: [], texts: [] });
  });
});
