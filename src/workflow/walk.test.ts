import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { walkWorkflows } from "./walk.ts";

let root = "";
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "walk-"));
});
afterEach(() => rm(root, { recursive: true }));

async function put(...files: readonly string[]): Promise<void> {
  for (const file of files) {
    await mkdir(dirname(join(root, file)), { recursive: true });
    await writeFile(join(root, file), "");
  }
}

describe("walkWorkflows", () => {
  it("finds modules at any depth, by id", async () => {
    await put("qwen/txt2img.ts", "flux/dev/depth.js", "a/b/c/d.mjs", "a/v1.5-x_y.ts");
    expect(await walkWorkflows(root)).toEqual({
      files: [
        { id: "a/b/c/d", file: "a/b/c/d.mjs" },
        { id: "a/v1.5-x_y", file: "a/v1.5-x_y.ts" },
        { id: "flux/dev/depth", file: "flux/dev/depth.js" },
        { id: "qwen/txt2img", file: "qwen/txt2img.ts" },
      ],
      broken: [],
    });
  });

  it("passes over what is no workflow", async () => {
    await put("_shared.ts", "a/_parts.ts", "a/.hidden.ts", "a/x.test.ts", "a/x.d.ts", "a/readme.md", "a/data.json", "node_modules/p/index.js", "_lib/a.ts", ".git/a.ts", "a/tsconfig.json");
    expect(await walkWorkflows(root)).toEqual({ files: [], broken: [] });
  });

  it("refuses ids that could not be served, with the reason", async () => {
    await put("lonely.ts", "v1/x.ts", "Docs/x.ts", "openapi.json/x.ts", "a/b c.ts", "a/ü.ts", "files/x/y.ts");
    const { files, broken } = await walkWorkflows(root);
    expect(files).toEqual([]);
    expect(Object.fromEntries(broken.map(({ file, message }) => [file, message]))).toEqual({
      "lonely.ts": expect.stringContaining("stands in a folder"),
      "v1/x.ts": expect.stringContaining('"v1" is a path of the gateway'),
      "Docs/x.ts": expect.stringContaining('"Docs" is a path of the gateway'),
      "openapi.json/x.ts": expect.stringContaining("is a path of the gateway"),
      "files/x/y.ts": expect.stringContaining("is a path of the gateway"),
      "a/b c.ts": expect.stringContaining('"b c" cannot be part of a URL'),
      "a/ü.ts": expect.stringContaining("cannot be part of a URL"),
    });
  });

  it("serves neither of two files with one id, and names both", async () => {
    await put("a/x.ts", "a/x.js", "a/y.ts");
    const { files, broken } = await walkWorkflows(root);
    expect(files.map(({ id }) => id)).toEqual(["a/y"]);
    expect(broken.map(({ file }) => file)).toEqual(["a/x.js", "a/x.ts"]);
    for (const { message } of broken) expect(message).toContain("a/x.js and a/x.ts");
  });

  it("follows links, and stops at one that leads back", async () => {
    await put("a/x.ts", "_store/y.ts");
    await symlink(join(root, "_store"), join(root, "linked"));
    await symlink(root, join(root, "a", "loop"));
    await symlink(join(root, "nowhere.ts"), join(root, "a", "dead.ts"));
    const { files, broken } = await walkWorkflows(root);
    expect(files.map(({ id }) => id)).toEqual(["a/x", "linked/y"]);
    expect(broken).toEqual([expect.objectContaining({ id: "a/dead", message: "The file cannot be read (ENOENT)" })]);
  });

  it("reports a folder that is not there or too deep, and throws nothing", async () => {
    await put("1/2/3/4/5/6/7/8/9/10/11/x.ts");
    expect((await walkWorkflows(root)).broken).toEqual([expect.objectContaining({ message: expect.stringContaining("nested more than 10 deep") })]);
    expect((await walkWorkflows(join(root, "none"))).broken).toEqual([expect.objectContaining({ file: ".", message: "The folder does not exist" })]);
  });
});
