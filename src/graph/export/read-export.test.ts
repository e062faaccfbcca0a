import { readFileSync, readdirSync } from "node:fs";
import { deflateSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AppError } from "../../errors/app-error.ts";
import { readExport } from "./read-export.ts";

const graph = {
  "1": {
    class_type: "EmptyImage",
    inputs: { width: 8, height: 8, batch_size: 1, color: 18446744073709551615n },
    _meta: { title: "Ein Bild – 图" },
  },
  "2": { class_type: "SaveImage", inputs: { images: ["1", 0], filename_prefix: "sample" } },
};

const workflow = {
  last_node_id: 2,
  nodes: [{ id: 1, type: "EmptyImage", mode: 0, inputs: [], outputs: [], widgets_values: [8, 8, 1, 18446744073709551615n] }],
  links: [],
  version: 0.4,
  nan: null,
};

const samples = new URL("samples/", import.meta.url);
const mediaFiles = readdirSync(samples).filter((name) => !name.endsWith(".py"));

const apiText = '{"1":{"class_type":"EmptyImage","inputs":{"color":18446744073709551615}}}';
const api = { "1": { class_type: "EmptyImage", inputs: { color: 18446744073709551615n } } };
const guiText = '{"nodes":[{"id":1,"type":"EmptyImage"}],"links":[],"version":0.4}';
const gui = { nodes: [{ id: 1, type: "EmptyImage" }], links: [], version: 0.4 };

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function refusal(read: () => unknown): AppError {
  try {
    read();
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error("It was not refused");
}

/** The kind of what was read, or the code of the refusal. Anything else that is thrown fails the test. */
function outcome(bytes: Uint8Array): string {
  try {
    return readExport(bytes).kind;
  } catch (error) {
    if (error instanceof AppError) return error.code;
    throw error;
  }
}

function pngWith(...chunks: readonly (readonly [string, Uint8Array])[]): Uint8Array {
  const parts = chunks.flatMap(([type, data]) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(data.length);
    return [length, Buffer.from(type, "latin1"), data, Buffer.alloc(4)];
  });
  return Buffer.concat([Buffer.from("\x89PNG\r\n\x1a\n", "latin1"), ...parts]);
}

describe("media files that ComfyUI's own libraries wrote", () => {
  it.each(mediaFiles)("%s gives both formats, every character and every digit", (name) => {
    expect(readExport(readFileSync(new URL(name, samples)))).toEqual({ kind: "api", graph, gui: workflow, notes: [] });
  });

  it("covers every container", () => {
    const extensions = new Set(mediaFiles.map((name) => name.split(".").at(-1)));
    expect(extensions).toEqual(new Set(["flac", "jpg", "mkv", "mov", "mp3", "mp4", "opus", "png", "webm", "webp"]));
  });

  it.each(mediaFiles)("%s cut off anywhere, or with bytes turned over, is refused cleanly or still read", (name) => {
    const whole = readFileSync(new URL(name, samples));
    fc.assert(
      fc.property(fc.nat(whole.length), fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 6 }), (end, damage) => {
        const bytes = Uint8Array.from(whole.subarray(0, end));
        for (const [at, value] of damage) if (at < end) bytes[at] = value;
        expect(["api", "gui", "invalid_export"]).toContain(outcome(bytes));
      }),
      { numRuns: 150 },
    );
  });
});

describe("JSON files", () => {
  it("are told apart by content", () => {
    expect(readExport(utf8(apiText))).toEqual({ kind: "api", graph: api, gui: undefined, notes: [] });
    expect(readExport(utf8(guiText))).toEqual({ kind: "gui", workflow: gui, notes: [] });
  });

  it.each([
    ["a /prompt body", `{"prompt":${apiText},"client_id":"x"}`],
    ["a worker's request", `{"input":{"workflow":${apiText},"images":[]}}`],
    ["a workflow key", `{"workflow":${apiText}}`],
    ["an entry of /history", `{"abc":{"prompt":[3,"abc",${apiText},{},["1"]],"outputs":{}}}`],
    ["JSON as text", JSON.stringify({ prompt: apiText, CreationTime: "today" })],
    ["JSON as text in JSON as text", JSON.stringify({ body: JSON.stringify({ prompt: apiText }) })],
    ["a graph in a list", `[${apiText}]`],
  ])("in an envelope are found: %s", (_, text) => {
    expect(readExport(utf8(text))).toEqual({ kind: "api", graph: api, gui: undefined, notes: [] });
  });

  it.each([
    ["output and workflow", `{"output":${apiText},"workflow":${guiText}}`],
    ["a /prompt body with the workflow for the PNG", `{"prompt":${apiText},"extra_data":{"extra_pnginfo":{"workflow":${guiText}}}}`],
  ])("with both formats give both: %s", (_, text) => {
    expect(readExport(utf8(text))).toEqual({ kind: "api", graph: api, gui, notes: [] });
  });

  it("may have Python's NaN and Infinity", () => {
    const read = readExport(utf8('{"1":{"class_type":"A","inputs":{"x":NaN,"y":-Infinity,"z":"NaN"}}}'));
    expect(read).toMatchObject({ graph: { "1": { inputs: { x: null, y: null, z: "NaN" } } } });
  });

  it("may begin with a byte order mark, in UTF-8 and in UTF-16", () => {
    expect(readExport(utf8(`\uFEFF${guiText}`)).kind).toBe("gui");
    expect(readExport(Buffer.from(`\uFEFF${guiText}`, "utf16le")).kind).toBe("gui");
  });

  it("keep the usable format when the other is damaged, and say so", () => {
    const read = readExport(utf8(`{"prompt":{"1":{"class_type":"A","inputs":{}},"2":{"inputs":{}}},"workflow":${guiText}}`));
    expect(read).toMatchObject({ kind: "gui", workflow: gui });
    expect(read.notes).toEqual([expect.stringContaining("/2/class_type")]);
  });
});

describe("what is no export", () => {
  it.each([
    ["nothing", "", /neither JSON nor a format/],
    ["text", "hello", /neither JSON nor a format/],
    ["broken JSON", `${apiText},`, /not valid JSON/],
    ["other JSON", '{"name":"x","version":"1.0.0"}', /no ComfyUI workflow/],
    ["a GUI workflow without nodes", '{"nodes":[],"links":[]}', /no ComfyUI workflow/],
    ["a node without inputs", '{"1":{"class_type":"A"}}', /damaged at \/1\/inputs/],
    ["brackets without end", "[".repeat(1_000_000), /deeper than 200/],
    ["objects without end", `{"a":`.repeat(100_000), /deeper than 200/],
  ])("is refused with what to do: %s", (_, text, detail) => {
    const error = refusal(() => readExport(utf8(text)));
    expect(error.code).toBe("invalid_export");
    expect(error.detail).toMatch(detail);
  });

  it("is refused when it is larger than any export", () => {
    expect(refusal(() => readExport(new Uint8Array(64 * 1024 * 1024 + 1))).detail).toMatch(/64 MB/);
  });

  it("says that a picture without metadata lost it", () => {
    expect(refusal(() => readExport(pngWith(["IDAT", new Uint8Array(4)]))).detail).toMatch(/PNG file carries no ComfyUI workflow/);
  });

  it("names metadata that is damaged", () => {
    const damaged = pngWith(["tEXt", utf8('prompt\0{"1": oops')]);
    expect(refusal(() => readExport(damaged)).detail).toMatch(/“prompt” is not valid JSON/);
  });

  it("does not inflate text without end", () => {
    const bomb = Buffer.concat([Buffer.from("prompt\0\0", "latin1"), deflateSync(Buffer.alloc(65 * 1024 * 1024, 0x20))]);
    expect(refusal(() => readExport(pngWith(["zTXt", bomb]))).detail).toMatch(/64 MB/);
  });
});

describe("any bytes and any JSON", () => {
  it("are read or refused with an error of the table", () => {
    const keys = fc.constantFrom("nodes", "prompt", "workflow", "class_type", "inputs", "type", "output", "__proto__", "1");
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { depthSize: "small", withCrossShrink: true },
        fc.constantFrom<unknown>("x", 1, null, true, '{"prompt":{}}', "{"),
        fc.array(tie("tree"), { maxLength: 3 }),
        fc.dictionary(keys, tie("tree"), { maxKeys: 4 }),
      ),
    }));
    fc.assert(
      fc.property(fc.oneof(tree.map((value) => utf8(JSON.stringify(value))), fc.uint8Array({ maxLength: 80 })), (bytes) => {
        expect(["api", "gui", "invalid_export"]).toContain(outcome(bytes));
      }),
      { numRuns: 1_000 },
    );
  });
});
