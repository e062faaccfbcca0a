import { mkdtemp, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { isUpToDate, writeIfChanged, type TextFile } from "./text-file.ts";

let root = "";
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "generate-"));
});
afterEach(() => rm(root, { recursive: true }));

const file = (text: string): TextFile => ({ path: "deep/er/x.md", text: () => Promise.resolve(text) });

describe("writeIfChanged", () => {
  it("writes a new and a changed file, and leaves an equal one untouched", async () => {
    expect(await writeIfChanged(root, file("one"))).toBe(true);
    const path = join(root, "deep/er/x.md");
    await utimes(path, 1000, 1000);
    expect(await writeIfChanged(root, file("one"))).toBe(false);
    expect((await stat(path)).mtimeMs).toBe(1_000_000);
    expect(await writeIfChanged(root, file("two"))).toBe(true);
    expect(await readFile(path, "utf8")).toBe("two");
  });
});

describe("isUpToDate", () => {
  it("is false for a file that is absent or was changed by hand", async () => {
    expect(await isUpToDate(root, file("one"))).toBe(false);
    await writeIfChanged(root, file("one"));
    expect(await isUpToDate(root, file("one"))).toBe(true);
    await writeFile(join(root, "deep/er/x.md"), "one ");
    expect(await isUpToDate(root, file("one"))).toBe(false);
  });
});
