import { createHash } from "node:crypto";
import { mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { HeldClock } from "../telemetry/held-clock.ts";
import { openDiskFileStore } from "./disk-file-store.ts";
import type { FileStore } from "./file-store.ts";

const hourMs = 3_600_000;
let dir: string;
let clock: HeldClock;
let store: FileStore;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "file-store-"));
  clock = new HeldClock();
  store = await openDiskFileStore({ dir, clock });
});
afterEach(async () => rm(dir, { recursive: true, force: true }));

const gifStart = "GIF89a\u0001\u0000\u0001\u0000\u0000\u0000\u0000;";

async function put(content: string): Promise<string> {
  const { id } = await store.put(Readable.from([Buffer.from(content)]), { maxBytes: 10_000_000 });
  return id;
}

function unused(usedBefore: number): ReturnType<FileStore["listUnused"]> {
  return store.listUnused({ usedBefore, after: null, limit: 100 });
}

describe("usage", () => {
  it("is the bytes of all files, each content once, through puts and removals", async () => {
    expect(await store.usage()).toBe(0);
    const id = await put("12345");
    await put("12345");
    await put("1234567");
    expect(await store.usage()).toBe(12);
    clock.advance(hourMs);
    expect(await store.remove(id, { usedBefore: clock.now() })).toBe(5);
    expect(await store.usage()).toBe(7);
    expect(await (await openDiskFileStore({ dir })).usage()).toBe(7);
  });

  it("leaves out what is still being written", async () => {
    const source = new Readable({ read() {} });
    const putting = store.put(source, { maxBytes: 100 });
    source.push("half");
    expect(await store.usage()).toBe(0);
    source.push(null);
    await putting;
    expect(await store.usage()).toBe(4);
  });
});

describe("listUnused", () => {
  it("finds what was neither put nor described since", async () => {
    const [old, putAgain, described, fresh] = [await put("old"), await put("put again"), await put("described"), "new"];
    clock.advance(hourMs);
    await put("put again");
    await store.describe(described);
    await put(fresh);
    expect((await unused(clock.now())).ids).toEqual([old]);
    clock.advance(1);
    expect((await unused(clock.now())).ids).toHaveLength(4);
    expect((await unused(clock.now())).ids).toContain(putAgain);
  });

  it("counts a put as a use also where the note of the file was lost", async () => {
    const id = await put("x");
    await rm(join(dir, id.slice(0, 2), `${id}.json`));
    await utimes(join(dir, id.slice(0, 2), id), 1, 1);
    expect((await unused(clock.now())).ids).toEqual([id]);
    await put("x");
    expect((await unused(clock.now())).ids).toEqual([]);
  });

  it("knows when a picture was last used, which has a note only from its second use on", async () => {
    const aMomentAgo = Date.now() - 60_000;
    store = await openDiskFileStore({ dir });
    const id = await put(gifStart);
    const files = (): Promise<string[]> => readdir(join(dir, id.slice(0, 2)));
    expect((await unused(aMomentAgo)).ids).toEqual([]);
    expect(await files()).toEqual([id]);
    await utimes(join(dir, id.slice(0, 2), id), 1, 1);
    expect((await unused(aMomentAgo)).ids).toEqual([id]);
    expect(await store.describe(id)).toEqual({ id, size: gifStart.length, contentType: "image/gif", extension: "gif" });
    expect(await files()).toEqual([id, `${id}.json`]);
    expect((await unused(aMomentAgo)).ids).toEqual([]);
  });

  it("walks all files in pieces, each once", async () => {
    const ids: string[] = [];
    for (let index = 0; index < 25; index += 1) ids.push(await put(`file ${index}`));
    clock.advance(hourMs);
    const seen: string[] = [];
    let after: string | null = null;
    do {
      const piece: Awaited<ReturnType<FileStore["listUnused"]>> = await store.listUnused({ usedBefore: clock.now(), after, limit: 7 });
      expect(piece.ids.length).toBeLessThanOrEqual(7);
      seen.push(...piece.ids);
      after = piece.next;
    } while (after !== null);
    expect(seen).toEqual(ids.toSorted());
  });

  it("takes no notice of what is not a file of the store", async () => {
    await put("x");
    await writeFile(join(dir, "stray"), "");
    await writeFile(join(dir, (await readdir(dir)).find((name) => name.length === 2) ?? "", "README"), "");
    clock.advance(hourMs);
    expect((await unused(clock.now())).ids).toHaveLength(1);
  });
});

describe("remove", () => {
  it("leaves nothing of a file, so that the same content can come again", async () => {
    const id = await put("x");
    clock.advance(hourMs);
    expect(await store.remove(id, { usedBefore: clock.now() })).toBe(1);
    expect(await store.describe(id)).toBeNull();
    await expect(store.read(id)).rejects.toMatchObject({ code: "file_not_found" });
    expect(await readdir(join(dir, id.slice(0, 2)))).toEqual([]);
    expect(await put("x")).toBe(id);
  });

  it("leaves what was used since, and says so", async () => {
    const id = await put("x");
    expect(await store.remove(id, { usedBefore: clock.now() })).toBeNull();
    clock.advance(hourMs);
    await store.describe(id);
    expect(await store.remove(id, { usedBefore: clock.now() })).toBeNull();
    expect((await buffer(await store.read(id))).toString()).toBe("x");
  });

  it("lets who reads the file read on to its end", async () => {
    const content = "0123456789".repeat(100_000);
    const id = await put(content);
    const stream = await store.read(id);
    const first = await new Promise<Buffer>((resolve) => {
      stream.once("data", (chunk: Buffer) => {
        stream.pause();
        resolve(chunk);
      });
    });
    clock.advance(hourMs);
    expect(await store.remove(id, { usedBefore: clock.now() })).toBe(content.length);
    const rest = await buffer(stream);
    expect(createHash("sha256").update(first).update(rest).digest("hex")).toBe(id);
  });

  it("never takes away what is put at the same time", async () => {
    for (let round = 0; round < 20; round += 1) {
      const content = `round ${round}`;
      const id = await put(content);
      clock.advance(hourMs);
      await Promise.all([store.remove(id, { usedBefore: clock.now() }), store.describe(id), put(content)]);
      expect(await store.describe(id)).toMatchObject({ id });
    }
  });

  it("clears the note that a crash left without its file", async () => {
    const id = await put("x");
    await rm(join(dir, id.slice(0, 2), id));
    clock.advance(hourMs);
    expect((await unused(clock.now())).ids).toEqual([id]);
    expect(await store.remove(id, { usedBefore: clock.now() })).toBe(0);
    expect((await unused(clock.now())).ids).toEqual([]);
  });

  it.each(["", "..", "../../etc/passwd", "0".repeat(63), `${"0".repeat(64)}/..`, "tmp", "0".repeat(64)])("knows no file %j", async (id) => {
    expect(await store.remove(id, { usedBefore: Number.MAX_SAFE_INTEGER })).toBe(0);
  });
});
