import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, it, onTestFinished } from "vitest";
import { draftOf, readIfThere, writeWhole } from "./whole-file.ts";

let dir = "";
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "whole-file-"));
  onTestFinished(() => rm(dir, { recursive: true }));
});

it("writes a file into folders that it makes, over what stood there and over what an earlier try has left", async () => {
  const path = join(dir, "family", "name.ts");
  await writeWhole(path, "old");
  await writeFile(draftOf(path), "half of");
  await writeWhole(path, "new");
  expect(await readIfThere(path)).toBe("new");
  expect(await readdir(join(dir, "family"))).toEqual(["name.ts"]);
});

it("leaves the old file whole when the new one cannot take its place", async () => {
  const path = join(dir, "folder");
  await writeWhole(join(path, "inside"), "kept");
  await expect(writeWhole(path, "new")).rejects.toThrow(/EISDIR|ENOTEMPTY/);
  expect(await readdir(dir)).toEqual(["folder"]);
  expect(await readFile(join(path, "inside"), "utf8")).toBe("kept");
});

it("gives the mode that was asked for, whatever the mask", async () => {
  const path = join(dir, "secret");
  await writeFile(path, "", { mode: 0o644 });
  await writeWhole(path, "x", 0o600);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});

it("tells an absent file from one that cannot be read", async () => {
  expect(await readIfThere(join(dir, "none"))).toBeNull();
  await expect(readIfThere(dir)).rejects.toThrow("EISDIR");
});
