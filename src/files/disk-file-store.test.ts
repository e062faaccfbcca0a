import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openDiskFileStore } from "./disk-file-store.ts";
import type { FileStore } from "./file-store.ts";

const maxBytes = 1_000_000;
let dir: string;
let store: FileStore;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "file-store-"));
  store = await openDiskFileStore({ dir });
});
afterEach(async () => rm(dir, { recursive: true, force: true }));

function streamOf(...chunks: readonly (string | Uint8Array)[]): Readable {
  return Readable.from(chunks.map((chunk) => Buffer.from(chunk)));
}

function sha256(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

/** Every file below the store's folder, but for the empty one that is ready for the next. */
async function filesOnDisk(): Promise<readonly string[]> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  const names = entries.filter((entry) => entry.isFile() && entry.parentPath !== join(dir, "tmp")).map((entry) => entry.name);
  return [...names, ...(await unfinished())].toSorted();
}

async function unfinished(): Promise<readonly string[]> {
  const names = await readdir(join(dir, "tmp"));
  const [only] = names;
  return names.length === 1 && only !== undefined && (await stat(join(dir, "tmp", only))).size === 0 ? [] : names;
}

describe("put", () => {
  it("keeps the bytes under their SHA-256, with size and type", async () => {
    const stored = await store.put(streamOf("hello ", "world"), { maxBytes, filename: "note.md" });
    expect(stored).toEqual({ id: sha256("hello world"), size: 11, contentType: "text/markdown; charset=utf-8", extension: "md" });
    expect(await store.describe(stored.id)).toEqual(stored);
    expect((await buffer(await store.read(stored.id))).toString()).toBe("hello world");
    expect(await filesOnDisk()).toEqual([stored.id, `${stored.id}.json`]);
  });

  it("keeps an empty file", async () => {
    const stored = await store.put(streamOf(), { maxBytes });
    expect(stored).toMatchObject({ id: sha256(""), size: 0, extension: "bin" });
    expect(await buffer(await store.read(stored.id))).toHaveLength(0);
  });

  it("keeps one copy of the same content, also when it comes twice at once", async () => {
    const puts = await Promise.all(Array.from({ length: 8 }, async () => store.put(streamOf("same"), { maxBytes })));
    expect(new Set(puts.map(({ id }) => id)).size).toBe(1);
    expect(await filesOnDisk()).toEqual([sha256("same"), `${sha256("same")}.json`]);
  });

  it("keeps the first type of the same content, unless the first told nothing", async () => {
    const mesh = "v 0 0 0\n";
    expect(await store.put(streamOf(mesh), { maxBytes })).toMatchObject({ extension: "txt" });
    expect(await store.put(streamOf(mesh), { maxBytes, filename: "a.obj" })).toMatchObject({ extension: "obj" });
    expect(await store.put(streamOf(mesh), { maxBytes, filename: "a.csv" })).toMatchObject({ extension: "obj" });
    expect(await store.put(streamOf(mesh), { maxBytes })).toMatchObject({ extension: "obj" });
    expect(await store.describe(sha256(mesh))).toMatchObject({ extension: "obj", contentType: "model/obj" });
  });

  it("does not take the name for a path", async () => {
    await store.put(streamOf("x"), { maxBytes, filename: "../../../evil.md" });
    expect(await filesOnDisk()).toEqual([sha256("x"), `${sha256("x")}.json`]);
  });

  it("takes as many bytes as are allowed, and keeps nothing of more", async () => {
    expect(await store.put(streamOf("12345"), { maxBytes: 5 })).toMatchObject({ size: 5 });
    await expect(store.put(streamOf("123", "456"), { maxBytes: 5 })).rejects.toMatchObject({ code: "payload_too_large" });
    expect(await filesOnDisk()).toEqual([sha256("12345"), `${sha256("12345")}.json`]);
  });

  it("stops reading a source that is too large", async () => {
    const endless = Readable.from((function* () {
      for (;;) yield Buffer.alloc(1000);
    })());
    await expect(store.put(endless, { maxBytes: 5_000 })).rejects.toMatchObject({ code: "payload_too_large" });
    expect(endless.destroyed).toBe(true);
  });

  it("keeps nothing of a source that breaks, and passes its error on", async () => {
    const broken = Readable.from((async function* () {
      yield Buffer.from("half of it");
      throw new Error("the sender hung up");
    })());
    await expect(store.put(broken, { maxBytes })).rejects.toThrow("the sender hung up");
    expect(await filesOnDisk()).toEqual([]);
  });

  it("keeps nothing of a source that is aborted", async () => {
    const source = new Readable({ read() {} });
    source.push("half of it");
    const put = store.put(source, { maxBytes });
    source.destroy(new Error("aborted"));
    await expect(put).rejects.toThrow("aborted");
    expect(await filesOnDisk()).toEqual([]);
  });

  it("is storage_failed when the disk refuses, names no path, and works again after", async () => {
    await rm(join(dir, "tmp"), { recursive: true });
    await writeFile(join(dir, "tmp"), "");
    const source = streamOf("x");
    await expect(store.put(source, { maxBytes })).rejects.toMatchObject({ code: "storage_failed", detail: expect.not.stringContaining(dir) });
    expect(source.destroyed).toBe(true);
    await expect(store.ping()).rejects.toMatchObject({ code: "storage_failed" });
    await rm(join(dir, "tmp"));
    await mkdir(join(dir, "tmp"));
    await store.ping();
    expect(await store.put(streamOf("x"), { maxBytes })).toMatchObject({ size: 1 });
  });

  it("leaves nothing unfinished when the file cannot be moved to its place", async () => {
    const id = sha256("x");
    await writeFile(join(dir, id.slice(0, 2)), "a file where the folder should be");
    await expect(store.put(streamOf("x"), { maxBytes })).rejects.toMatchObject({ code: "storage_failed" });
    expect(await unfinished()).toEqual([]);
    expect(await filesOnDisk()).toEqual([id.slice(0, 2)]);
  });
});

describe("read and blob", () => {
  it("give part of a file, both ends included", async () => {
    const { id } = await store.put(streamOf("0123456789"), { maxBytes });
    expect((await buffer(await store.read(id, { start: 2, end: 4 }))).toString()).toBe("234");
    expect((await buffer(await store.read(id, { start: 9, end: 9 }))).toString()).toBe("9");
  });

  it("give a Blob of the file with its type, that stays good when the same content comes again", async () => {
    const { id } = await store.put(streamOf("hello"), { maxBytes, filename: "a.csv" });
    const blob = await store.blob(id);
    await store.put(streamOf("hello"), { maxBytes, filename: "a.csv" });
    expect({ size: blob.size, type: blob.type, text: await blob.text() }).toEqual({ size: 5, type: "text/csv; charset=utf-8", text: "hello" });
  });

  it.each(["0".repeat(64), "A".repeat(64), "", "..", `../${"0".repeat(61)}`, "0".repeat(63), `${"0".repeat(64)}\n`, `${"0".repeat(64)}.json`, "tmp"])(
    "know no file %j",
    async (id) => {
      await store.put(streamOf("x"), { maxBytes });
      expect(await store.describe(id)).toBeNull();
      await expect(store.read(id)).rejects.toMatchObject({ code: "file_not_found" });
      await expect(store.blob(id)).rejects.toMatchObject({ code: "file_not_found" });
    },
  );
});

describe("opening", () => {
  it("finds what was kept before", async () => {
    const stored = await store.put(streamOf("kept"), { maxBytes });
    expect(await (await openDiskFileStore({ dir })).describe(stored.id)).toEqual(stored);
  });

  it("answers with all bytes at once, whether it still holds them or reads them", async () => {
    for (const holdBytes of [undefined, 4, 1000]) {
      const content = `held up to ${holdBytes}`;
      const { id } = await store.put(streamOf("held up ", `to ${holdBytes}`), { maxBytes, ...(holdBytes === undefined ? {} : { holdBytes }) });
      expect(Buffer.from(await store.bytes(id)).toString()).toBe(content);
      expect(Buffer.from(await (await openDiskFileStore({ dir })).bytes(id)).toString()).toBe(content);
    }
  });

  it("takes the memory of pieces that are given to it, and no byte changes, held or streamed, new or kept already", async () => {
    for (const holdBytes of [1, 150_000, 1_000_000]) {
      for (const again of [false, true]) {
        const pieces = Array.from({ length: 5 }, (_, index) => Buffer.from(new Uint8Array(65_536).fill(holdBytes + index)));
        const content = Buffer.concat(pieces);
        const stored = await store.put(Readable.from(pieces, { objectMode: true }), { maxBytes, holdBytes, givesPieces: true });
        expect({ again, id: stored.id, size: stored.size }).toEqual({ again, id: sha256(content), size: content.length });
        expect(pieces.map(({ length }) => length)).toEqual([0, 0, 0, 0, 0]);
        // The first has what was held, the second what is on the disk.
        for (const _reader of [1, 2]) expect(content.equals(await store.bytes(stored.id))).toBe(true);
        expect(content.equals(await buffer(await store.read(stored.id)))).toBe(true);
      }
    }
  });

  it("leaves the memory of pieces alone that are not given to it", async () => {
    const piece = Buffer.from(new Uint8Array(65_536).fill(7));
    await store.put(Readable.from([piece]), { maxBytes, holdBytes: 1_000_000 });
    expect(piece).toHaveLength(65_536);
  });

  it("holds nothing of a file that is removed", async () => {
    const { id } = await store.put(streamOf("gone"), { maxBytes, holdBytes: 1000 });
    await store.remove(id, { usedBefore: Date.now() + 3_600_000 });
    await expect(store.bytes(id)).rejects.toMatchObject({ code: "file_not_found" });
  });

  it("finds a file's type out again when the note of it is lost or damaged", async () => {
    const { id } = await store.put(streamOf("%PDF-1.7\n"), { maxBytes });
    for (const damage of ["", "{", "{}", '{"contentType":"text/html","extension":"../../x"}']) {
      await writeFile(join(dir, id.slice(0, 2), `${id}.json`), damage);
      expect(await store.describe(id)).toEqual({ id, size: 9, contentType: "application/pdf", extension: "pdf" });
    }
    await rm(join(dir, id.slice(0, 2), `${id}.json`));
    expect(await store.describe(id)).toMatchObject({ extension: "pdf" });
  });

  it("replaces a file that a crash of the machine cut short", async () => {
    const { id } = await store.put(streamOf("whole"), { maxBytes });
    await writeFile(join(dir, id.slice(0, 2), id), "wh");
    expect(await store.put(streamOf("whole"), { maxBytes })).toMatchObject({ id, size: 5 });
    expect((await buffer(await store.read(id))).toString()).toBe("whole");
  });

  it("removes what dead processes left unfinished, and nothing that a living one is writing", async () => {
    const temp = join(dir, "tmp");
    const noProcess = 4_194_305; // above the largest pid of Linux
    const old = new Date(Date.now() - 60 * 60 * 1000 - performance.now());
    const names = [`${noProcess}-dead`, "stray", `${process.pid}-mine`, `${process.pid}-of-an-earlier-container`, `${process.ppid}-living`];
    for (const name of names) await writeFile(join(temp, name), "half");
    await utimes(join(temp, `${process.pid}-of-an-earlier-container`), old, old);
    await openDiskFileStore({ dir });
    expect(await readdir(temp)).toEqual([`${process.pid}-mine`, `${process.ppid}-living`].toSorted());
  });

  it("of a folder that cannot be is storage_failed", async () => {
    await writeFile(join(dir, "file"), "");
    await expect(openDiskFileStore({ dir: join(dir, "file", "below") })).rejects.toMatchObject({ code: "storage_failed" });
  });
});

it("ping writes, and leaves nothing", async () => {
  const before = await stat(join(dir, "tmp"));
  await store.ping();
  expect((await stat(join(dir, "tmp"))).mtimeMs).toBeGreaterThan(before.mtimeMs);
  expect(await filesOnDisk()).toEqual([]);
});
