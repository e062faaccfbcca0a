import { mkdtemp, open, rm, truncate, writeFile, type FileHandle } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FileReader } from "./file-reader.ts";
import type { ByteRange } from "./file-store.ts";
import { StreamGarbage } from "./stream-garbage.ts";

const content = Buffer.from(Uint8Array.from({ length: 700_001 }, (_, at) => at % 251));
let dir: string;
let file: string;
let handle: FileHandle;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "comfyui-api-reader-"));
  file = join(dir, "file");
  await writeFile(file, content);
  handle = await open(file, "r");
});
afterEach(() => rm(dir, { recursive: true, force: true }));

function reader(range?: ByteRange): FileReader {
  return new FileReader(handle, range, new StreamGarbage());
}

/** Whether the file is closed: a closed one has no number. */
function isClosed(): boolean {
  return handle.fd === -1;
}

describe("a file reader", () => {
  it.each([
    ["the whole file", undefined, 0, content.length],
    ["a range across pieces", { start: 262_000, end: 262_300 }, 262_000, 262_301],
    ["one byte", { start: 5, end: 5 }, 5, 6],
    ["a range that begins in the last piece", { start: 700_000, end: 700_000 }, 700_000, 700_001],
  ])("gives the bytes of %s, and closes the file", async (_what, range, start, end) => {
    expect((await buffer(reader(range))).equals(content.subarray(start, end))).toBe(true);
    await expect.poll(isClosed).toBe(true);
  });

  it("ends where the file ends, should it have become shorter", async () => {
    await truncate(file, 1000);
    expect(await buffer(reader())).toHaveLength(1000);
  });

  it("closes a file that nobody reads, or nobody reads to its end", async () => {
    reader().destroy();
    await expect.poll(isClosed).toBe(true);
    handle = await open(file, "r");
    const stream = reader();
    await new Promise((resolve) => stream.once("data", resolve));
    stream.destroy();
    await expect.poll(isClosed).toBe(true);
  });

  it("fails when the file cannot be read", async () => {
    await handle.close();
    await expect(buffer(reader())).rejects.toThrow(/closed|EBADF/);
  });
});
