import { existsSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { parseJson } from "../json/exact.ts";
import { FileTree } from "./file-tree.ts";
import { nodeClasses } from "./node-classes.ts";
import { objectInfo } from "./object-info.ts";

const fixture = new URL("../../../shared/fixtures/object_info/comfyui-0.3.64-core.json.gz", import.meta.url);
const input = z.record(z.string(), z.array(z.unknown()));
const info = z.looseObject({ input: z.looseObject({ required: input.optional(), optional: input.optional() }) });

/** Classes that only the recorded runs had, and that no ComfyUI ships. */
const ownClasses = ["Slow", "Fail", "ListOut", "Expand", "GifOut"];

/** Prose, and the lists of files on a host, are not compared; everything else is. */
function comparable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(comparable);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => !["tooltip", "output_tooltips", "description"].includes(key))
      .map(([key, member]) => [key, comparable(member)]),
  );
}

function withoutFileLists(value: unknown): unknown {
  const parsed = info.parse(comparable(value));
  const group = (specs: z.infer<typeof input> | undefined): unknown =>
    specs && Object.fromEntries(Object.entries(specs).map(([name, [type, ...rest]]) => [name, [/^(?!sampler).*_name\d?$|^image$/.test(name) && Array.isArray(type) ? "files" : type, ...rest]]));
  return { ...parsed, input: { ...parsed.input, required: group(parsed.input.required), optional: group(parsed.input.optional) } };
}

describe("objectInfo", () => {
  const files = new FileTree();

  it("lists an uploaded picture among the choices of LoadImage, and nothing else", () => {
    files.write("input", "a.png", new Uint8Array(1));
    files.write("input", "b.txt", new Uint8Array(1));
    files.write("input", "sub/c.png", new Uint8Array(1));
    const loadImage = nodeClasses.get("LoadImage");
    expect(loadImage && objectInfo(loadImage, files)).toMatchObject({ input: { required: { image: [["a.png"], { image_upload: true }] } } });
  });

  it.skipIf(!existsSync(fixture))("says of each class what ComfyUI 0.3.64 says (skipped where ../shared/fixtures is absent)", () => {
    const real = z.record(z.string(), z.unknown()).parse(parseJson(gunzipSync(readFileSync(fixture)).toString()));
    for (const [name, definition] of nodeClasses) {
      if (ownClasses.includes(name)) continue;
      expect(withoutFileLists(objectInfo(definition, files)), name).toEqual(withoutFileLists(real[name]));
    }
  });
});
