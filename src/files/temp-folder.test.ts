import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DiskPace } from "../disk/disk-pace.ts";
import { TempFolder } from "./temp-folder.ts";

let root: string;
let dir: string;
let folder: TempFolder;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "temp-folder-"));
  dir = join(root, "tmp");
  folder = await TempFolder.open(dir, new DiskPace());
});
afterEach(async () => rm(root, { recursive: true, force: true }));

/** Written, moved to its place, and read there. */
async function roundTrip(...pieces: readonly Uint8Array[]): Promise<Buffer> {
  const file = await folder.create();
  await file.write(...pieces);
  await file.sync();
  const place = join(root, "place");
  await file.moveTo(place);
  await file.discard();
  return readFile(place);
}

describe("a temporary file", () => {
  it.each([
    ["nothing", []],
    ["empty pieces", [0, 0]],
    ["small pieces", [1, 0, 10, 1000]],
    ["pieces that are large together", [60_000, 1, 65_536, 65_536]],
    ["a large piece", [3_000_000]],
    ["more pieces than the system takes at once", Array.from({ length: 3_000 }, () => 100)],
  ])("has every byte of %s, in their order", async (_what, sizes) => {
    const pieces = sizes.map((size, index) => new Uint8Array(size).fill(index));
    expect((await roundTrip(...pieces)).equals(Buffer.concat(pieces))).toBe(true);
  });

  it("that is discarded is gone", async () => {
    const file = await folder.create();
    await file.write(Buffer.from("half"));
    await expect.poll(() => readdir(dir)).toHaveLength(2);
    await file.discard();
    expect(await readdir(dir)).toHaveLength(1);
  });
});

describe("the one that is ready for the next", () => {
  it("is one, however many are made, and empty", async () => {
    for (let turn = 0; turn < 5; turn += 1) await roundTrip(Buffer.from("x"));
    await Promise.all(Array.from({ length: 5 }, async () => (await folder.create()).discard()));
    await expect.poll(() => readdir(dir)).toHaveLength(1);
    expect(await readFile(join(dir, (await readdir(dir))[0] ?? ""))).toHaveLength(0);
  });

  it("is not there before the first", async () => {
    expect(await readdir(dir)).toEqual([]);
  });

  it("is not used when somebody has removed it", async () => {
    await roundTrip(Buffer.from("first"));
    await expect.poll(() => readdir(dir)).toHaveLength(1);
    await rm(join(dir, (await readdir(dir))[0] ?? ""));
    expect((await roundTrip(Buffer.from("second"))).toString()).toBe("second");
  });

  it("fails nobody when it cannot be made, and is made again when it can", async () => {
    const file = await folder.create();
    await expect.poll(() => readdir(dir)).toHaveLength(2);
    await rm(dir, { recursive: true });
    await file.discard();
    await expect(folder.create()).rejects.toMatchObject({ code: "ENOENT" });
    await expect(folder.create()).rejects.toMatchObject({ code: "ENOENT" });
    folder = await TempFolder.open(dir, new DiskPace());
    expect((await roundTrip(Buffer.from("again"))).toString()).toBe("again");
  });
});
