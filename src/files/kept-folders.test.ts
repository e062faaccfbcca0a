import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { DiskPace } from "../disk/disk-pace.ts";
import { KeptFolders } from "./kept-folders.ts";

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "kept-folders-"));
});
afterEach(async () => rm(dir, { recursive: true, force: true }));

it("folders are made once, also when many need them at once", async () => {
  const folders = new KeptFolders(dir, new DiskPace());
  await Promise.all(["a0", "a0", "a0", "b0", "b0"].map(async (name) => folders.make(name)));
  expect(await readdir(dir)).toEqual(["a0", "b0"]);
});

it("a folder counts as synced once it was", async () => {
  const folders = new KeptFolders(dir, new DiskPace());
  await folders.make("ab");
  expect(folders.isSynced("ab")).toBe(false);
  await Promise.all([folders.sync("ab"), folders.sync("ab")]);
  await folders.sync("ab");
  expect([folders.isSynced("ab"), folders.isSynced("cd")]).toEqual([true, false]);
});

it("a folder that could not be opened is tried again", async () => {
  const folders = new KeptFolders(dir, new DiskPace());
  await expect(folders.sync("ab")).rejects.toMatchObject({ code: "ENOENT" });
  expect(folders.isSynced("ab")).toBe(false);
  await folders.make("ab");
  await folders.sync("ab");
  expect(folders.isSynced("ab")).toBe(true);
});

it("a folder that somebody removed is made anew, and is not taken for the old one", async () => {
  const folders = new KeptFolders(dir, new DiskPace());
  await folders.make("ab");
  await folders.sync("ab");
  await rm(join(dir, "ab"), { recursive: true });
  await folders.make("ab");
  expect(folders.isSynced("ab")).toBe(false);
  await writeFile(join(dir, "ab", "x"), "");
  await folders.sync("ab");
});
