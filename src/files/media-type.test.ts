import { deflateSync } from "node:zlib";
import fc from "fast-check";
import { fileTypeFromBuffer } from "file-type";
import { describe, expect, it } from "vitest";
import { detectMediaType, evidentType, extensionOf, isEvident, kindOf, sniffBytes } from "./media-type.ts";

/** Starts of files, as the formats' specifications give them. */
function bytes(...parts: readonly (string | readonly number[])[]): Buffer {
  return Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part, "latin1") : Buffer.from(part))));
}

function pngChunk(type: string, data: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  return Buffer.concat([length, Buffer.from(type), data, Buffer.alloc(4)]);
}

const pngSignature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const ihdr = pngChunk("IHDR", Buffer.from([0, 0, 0, 1, 0, 0, 0, 1, 8, 2, 0, 0, 0]));
const idat = pngChunk("IDAT", deflateSync(Buffer.alloc(4)));
const iend = pngChunk("IEND", Buffer.alloc(0));
const png = Buffer.concat([pngSignature, ihdr, idat, iend]);
const apng = Buffer.concat([pngSignature, ihdr, pngChunk("acTL", Buffer.from([0, 0, 0, 2, 0, 0, 0, 0])), idat, iend]);
const jpeg = bytes([0xff, 0xd8, 0xff, 0xe0, 0, 16], "JFIF\0", [1, 1, 0, 0, 1, 0, 1, 0, 0]);
const gif = bytes("GIF89a", [1, 0, 1, 0, 0, 0, 0], "\x21\xff\x0bNETSCAPE2.0\x03\x01\x00\x00\x00\x3b");
const animatedWebp = bytes("RIFF", [30, 0, 0, 0], "WEBPVP8X", [10, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0], "ANIM");
const mp4 = bytes([0, 0, 0, 0x18], "ftypisom", [0, 0, 2, 0], "isommp42", [0, 0, 0, 8], "free");
const mov = bytes([0, 0, 0, 0x14], "ftypqt  ", [0, 0, 2, 0], "qt  ");
const webm = bytes([0x1a, 0x45, 0xdf, 0xa3, 0x87, 0x42, 0x82, 0x84], "webm");
const mkv = bytes([0x1a, 0x45, 0xdf, 0xa3, 0x8b, 0x42, 0x82, 0x88], "matroska");
const flac = bytes("fLaC", [0, 0, 0, 34], "\0".repeat(34));
const opus = bytes("OggS", "\0".repeat(22), [1, 19], "OpusHead", [1, 2, 0, 0, 0x80, 0xbb, 0, 0, 0, 0, 0]);
const vorbis = bytes("OggS", "\0".repeat(22), [1, 30], "\x01vorbis", "\0".repeat(23));
const mp3 = bytes("ID3", [3, 0, 0, 0, 0, 0, 0], [0xff, 0xfb, 0x90, 0x64]);
const wav = bytes("RIFF", [36, 0, 0, 0], "WAVEfmt ", [16, 0, 0, 0, 1, 0, 1, 0]);
const glb = bytes("glTF", [2, 0, 0, 0, 12, 0, 0, 0]);
const zip = bytes("PK\x03\x04", [10, 0, 0, 0, 0, 0], "\0".repeat(16), [5, 0, 0, 0], "a.usd", "x");
const binaryPly = bytes("ply\nformat binary_little_endian 1.0\nend_header\n", [0, 1, 2, 255, 254]);
const binaryStl = bytes("\0".repeat(80), [1, 0, 0, 0], "\0".repeat(50));
const splat = bytes([0x9a, 0x99, 0x99, 0x3f, 0xcd, 0xcc, 0x0c, 0xc0, 0xff, 0x80, 0, 1]);
const safetensors = bytes([0x20, 0, 0, 0, 0, 0, 0, 0], '{"latent_tensor":{"dtype":"F32"}}');
const fbx = bytes("Kaydara FBX Binary  \x00\x1a\x00", [0xe8, 0x1c, 0, 0]);
const svg = bytes('<?xml version="1.0"?>\n<!-- made by hand -->\n<svg xmlns="http://www.w3.org/2000/svg"/>');

async function detect(content: Uint8Array, filename?: string): Promise<string> {
  const { contentType, extension } = await detectMediaType(content.subarray(0, sniffBytes), content.length, filename);
  return `${contentType.split(";", 1)[0]} .${extension} ${kindOf(contentType, extension)}`;
}

describe("detectMediaType", () => {
  const byContent: readonly (readonly [name: string, content: Uint8Array, found: string])[] = [
    ["png", png, "image/png .png image"],
    ["animated png", apng, "image/apng .apng image"],
    ["jpeg", jpeg, "image/jpeg .jpg image"],
    ["gif", gif, "image/gif .gif image"],
    ["animated webp", animatedWebp, "image/webp .webp image"],
    ["svg", svg, "image/svg+xml .svg image"],
    ["mp4", mp4, "video/mp4 .mp4 video"],
    ["mov", mov, "video/quicktime .mov video"],
    ["webm", webm, "video/webm .webm video"],
    ["mkv", mkv, "video/matroska .mkv video"],
    ["flac", flac, "audio/flac .flac audio"],
    ["opus", opus, "audio/ogg .opus audio"],
    ["ogg", vorbis, "audio/ogg .ogg audio"],
    ["mp3", mp3, "audio/mpeg .mp3 audio"],
    ["wav", wav, "audio/wav .wav audio"],
    ["glb", glb, "model/gltf-binary .glb model3d"],
    ["fbx", fbx, "model/vnd.fbx .fbx model3d"],
    ["safetensors", safetensors, "application/x-safetensors .safetensors file"],
    ["zip", zip, "application/zip .zip file"],
    ["text", Buffer.from("a lake, größer"), "text/plain .txt text"],
    ["nothing", Buffer.alloc(0), "application/octet-stream .bin file"],
    ["noise", Buffer.from([0, 1, 2, 3, 0xfe]), "application/octet-stream .bin file"],
  ];

  it.each(byContent)("knows %s by its content alone", async (_name, content, found) => {
    expect(await detect(content)).toBe(found);
  });

  it.each(byContent.filter(([name]) => !["text", "nothing", "noise", "zip", "mp4", "webm", "mkv"].includes(name)))(
    "believes the content of %s and not a name that contradicts it",
    async (_name, content, found) => {
      for (const lie of ["x.txt", "x.html", "x.mp4", "x.png", "x.svg", "x.obj", "x.pt", "x.m4a"]) expect(await detect(content, lie)).toBe(found);
    },
  );

  it.each(byContent)("calls %s evident when it is a picture that no name changes", async (name, content) => {
    const isPicture = ["png", "animated png", "jpeg", "gif", "animated webp"].includes(name);
    expect(isEvident(await detectMediaType(content, content.length))).toBe(isPicture);
  });

  it.each([
    ["notes.md", "# title", "text/markdown .md text"],
    ["table.CSV", "a,b\n1,2", "text/csv .csv text"],
    ["data.json", '{"a":1}', "application/json .json text"],
    ["clip.srt", "1\n00:00:00,000 --> 00:00:01,000\nhi", "application/x-subrip .srt text"],
    ["mesh.obj", "v 0 0 0\nf 1 1 1", "model/obj .obj model3d"],
    ["scene.gltf", '{"asset":{"version":"2.0"}}', "model/gltf+json .gltf model3d"],
    ["cloud.ply", "ply\nformat ascii 1.0\nend_header\n0 0 0", "model/ply .ply model3d"],
    ["part.stl", "solid part\nendsolid part", "model/stl .stl model3d"],
    ["unknown.xyz", "words", "text/plain .txt text"],
  ])("knows the text format of %s by its name", async (filename, content, found) => {
    expect(await detect(Buffer.from(content), filename)).toBe(found);
  });

  it.each([
    ["cloud.ply", binaryPly, "model/ply .ply model3d"],
    ["part.stl", binaryStl, "model/stl .stl model3d"],
    ["scene.splat", splat, "model/x-splat .splat model3d"],
    ["thing.usdz", zip, "model/vnd.usdz+zip .usdz model3d"],
    ["ComfyUI_00001_.latent", safetensors, "application/x-safetensors .latent file"],
    ["sound.m4a", mp4, "audio/mp4 .m4a audio"],
  ])("knows the binary format of %s, which has no signature of its own, by its name", async (filename, content, found) => {
    expect(await detect(content, filename)).toBe(found);
  });

  it.each(["photo.png", "clip.mp4", "song.mp3", "drawing.svg", "page.html", "script.js"])("does not believe %s of what is not", async (filename) => {
    expect(await detect(Buffer.from([0, 1, 2, 3, 0xfe]), filename)).toBe("application/octet-stream .bin file");
    expect(await detect(Buffer.from("<p>words</p><script>alert(1)</script>"), filename)).toBe("text/plain .txt text");
  });

  it("never names a type that a browser runs as a page", async () => {
    const utf16 = Buffer.from('\ufeff<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"/>', "utf16le");
    for (const name of ["a.svg", "a.xml", "a.html"]) expect(await detect(utf16, name)).toBe("application/octet-stream .bin file");
    for (const page of ["<!DOCTYPE html><html></html>", '<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"/>']) {
      for (const name of ["a.html", "a.xhtml", "a.htm", "a.svg", "a.xml", "a.txt"]) expect(await detect(Buffer.from(page), name)).toMatch(/^text\/plain /);
    }
  });

  it("takes a text whose last character is cut by the first bytes for a text", async () => {
    const text = Buffer.from("a".repeat(sniffBytes - 1) + "ü");
    expect(await detect(text, "long.md")).toBe("text/markdown .md text");
    expect(await detect(text.subarray(0, sniffBytes), "cut.md")).toBe("application/octet-stream .bin file");
  });

  it("answers for any bytes under any name", async () => {
    const starts = [png, jpeg, gif, animatedWebp, mp4, webm, mkv, flac, opus, mp3, wav, glb, zip, safetensors, fbx, svg].map((content) => content.subarray(0, 24));
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(Buffer.alloc(0), ...starts), fc.uint8Array({ maxLength: 400 }), fc.string(), async (start, rest, name) => {
        expect(await detectMediaType(Buffer.concat([start, rest]), 1_000_000, name)).toMatchObject({ extension: expect.stringMatching(/^[A-Za-z0-9.]+$/) });
      }),
      { numRuns: 300 },
    );
  });
});

describe("what is evident at a glance", () => {
  const chunks = fc.array(
    fc.tuple(fc.constantFrom("IHDR", "tEXt", "iCCP", "IDAT", "acTL", "IEND"), fc.uint8Array({ maxLength: 40 })).map(([type, data]) => pngChunk(type, Buffer.from(data))),
    { maxLength: 6 },
  );
  const head = fc.oneof(
    chunks.map((rest) => Buffer.concat([pngSignature, ihdr, ...rest])),
    chunks.map((all) => Buffer.concat([pngSignature, ...all])),
    fc.tuple(fc.constantFrom(png, apng, jpeg, animatedWebp, wav, safetensors), fc.uint8Array({ maxLength: 20 }), fc.nat(50)).map(([start, change, at]) => {
      const changed = Buffer.from(start);
      changed.set(change.subarray(0, Math.max(0, changed.length - at)), Math.min(at, changed.length));
      return changed;
    }),
    fc.tuple(fc.constant([0xff, 0xd8, 0xff]), fc.uint8Array({ maxLength: 40 })).map(([start, rest]) => Buffer.from([...start, ...rest])),
  );

  it("is the pictures that ComfyUI saves", () => {
    expect([png, jpeg, animatedWebp, apng, gif, svg].map((content) => evidentType(content)?.extension)).toEqual(["png", "jpg", "webp", undefined, undefined, undefined]);
  });

  it("is what the detector finds, of the same bytes and of all that begin so", async () => {
    await fc.assert(
      fc.asyncProperty(head, fc.uint8Array({ maxLength: 60 }), async (beginning, rest) => {
        const evident = evidentType(beginning);
        if (evident === null) return;
        for (const content of [beginning, Buffer.concat([beginning, rest])]) {
          const found = await fileTypeFromBuffer(content);
          expect({ contentType: found?.mime, extension: found?.ext }).toEqual(evident);
          expect(await detectMediaType(content, content.length, "a.safetensors")).toEqual(evident);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it("is never what would pass for a file of tensors", () => {
    const jpegLike = bytes([0xff, 0xd8, 0xff, 0x04, 0, 0, 0, 0], '{"', "\0".repeat(20));
    expect(evidentType(jpegLike)).toBeNull();
  });
});

it("kindOf goes by the extension where the media type does not tell, and never trips over a word of JavaScript", () => {
  expect(kindOf("application/octet-stream", "fbx")).toBe("model3d");
  expect(kindOf("application/mxf", "mxf")).toBe("video");
  expect(kindOf("application/octet-stream", "constructor")).toBe("file");
  expect(kindOf("__proto__/x", "__proto__")).toBe("file");
});

it("extensionOf reads the last part of a name only", () => {
  expect(["a.PNG", "a.tar.gz", "a", ".", "a.", "a.b/c", "", "x.constructor"].map(extensionOf)).toEqual(["png", "gz", "", "", "", "", "", "constructor"]);
});
