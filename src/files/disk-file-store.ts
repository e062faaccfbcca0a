import { createHash } from "node:crypto";
import { openAsBlob, readFileSync, statSync } from "node:fs";
import { open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { z } from "zod";
import { DiskPace } from "../disk/disk-pace.ts";
import { AppError } from "../errors/app-error.ts";
import { parseJson, stringifyJson } from "../json/exact.ts";
import { type Clock, systemClock } from "../telemetry/clock.ts";
import { systemCode, toDiskError } from "./disk-error.ts";
import { FileReader } from "./file-reader.ts";
import type { ByteRange, FileStore, ListUnused, PutOptions, StoredFile } from "./file-store.ts";
import { folderOf, KeptFiles, pathOf, unwritable } from "./kept-files.ts";
import { KeptFolders } from "./kept-folders.ts";
import { detectMediaType, evidentType, isEvident, sniffBytes, type MediaType } from "./media-type.ts";
import { giveBack } from "./owned-piece.ts";
import { RecentContents } from "./recent-contents.ts";
import { Spool } from "./spool.ts";
import { StreamGarbage } from "./stream-garbage.ts";
import { TempFolder } from "./temp-folder.ts";
import { Turns } from "./turns.ts";

const idPattern = /^[0-9a-f]{64}$/;

const storedType = z.object({ contentType: z.string().min(1), extension: z.string().regex(/^[a-z0-9.]{1,16}$/i) });

/** Extensions that say little: a later put of the same content with a better name replaces them. */
const vague: ReadonlySet<string> = new Set(["bin", "txt", "zip", "gz"]);

/**
 * Files below `dir` as `ab/abcdef…` by their SHA-256, each with its type in `ab/abcdef….json`. Opening removes what
 * dead processes left unfinished.
 *
 * @throws {AppError} `storage_failed` when `dir` cannot be made or written
 */
export async function openDiskFileStore(params: { readonly dir: string; readonly clock?: Pick<Clock, "now"> }): Promise<FileStore> {
  const { dir, clock = systemClock } = params;
  try {
    const pace = new DiskPace();
    return new DiskFileStore({ dir, temp: await TempFolder.open(join(dir, "tmp"), pace), folders: new KeptFolders(dir, pace), clock });
  } catch (error) {
    throw toDiskError(error);
  }
}

/** Some tens of pictures: as many as a host makes in the moment between the end of a run and the answer. */
const recentBytes = 8 * 2 ** 20;

/** A file beyond it is cleared away after as it comes. What is smaller V8 clears away in its own time, which costs less. */
const largeBytes = 2 ** 20;

class DiskFileStore implements FileStore {
  readonly #dir: string;
  readonly #temp: TempFolder;
  readonly #clock: Pick<Clock, "now">;
  readonly #kept: KeptFiles;
  /** A file is not removed between the moment it is found in use and the moment that is written down. */
  readonly #turns = new Turns();
  readonly #garbage = new StreamGarbage();
  readonly #recent = new RecentContents(recentBytes);
  readonly #folders: KeptFolders;

  constructor({ dir, temp, folders, clock }: { readonly dir: string; readonly temp: TempFolder; readonly folders: KeptFolders; readonly clock: Pick<Clock, "now"> }) {
    this.#dir = dir;
    this.#temp = temp;
    this.#folders = folders;
    this.#clock = clock;
    this.#kept = new KeptFiles(dir);
  }

  async put(content: Readable | AsyncIterable<Uint8Array>, options: PutOptions): Promise<StoredFile> {
    if (!(content instanceof Readable)) return this.#put(content, options);
    // It may fail before it is read, which must not end the process: whoever reads it meets the error.
    content.on("error", () => {});
    try {
      return await this.#put(content, options);
    } finally {
      // Nothing is left to wait for a reader, whatever went wrong.
      content.destroy();
    }
  }

  async #put(content: AsyncIterable<unknown>, options: PutOptions): Promise<StoredFile> {
    const { holdBytes, maxBytes, filename, givesPieces = false } = options;
    const spool = new Spool(this.#temp, { holdBytes, used: givesPieces ? giveBack : () => undefined });
    try {
      const received = await receive(content, spool, { maxBytes, garbage: this.#garbage });
      const type = received.type ?? (await detectMediaType(received.head, received.size, filename));
      const isHeld = holdBytes !== undefined && spool.isWhole;
      const stored = await onDisk(() => this.#turns.take(received.id, () => this.#keep(spool, received, type)));
      if (isHeld) this.#recent.add(stored.id, givesPieces ? spool.take() : spool.take().map((piece) => new Uint8Array(piece)));
      return stored;
    } finally {
      await onDisk(() => spool.discard());
    }
  }

  async describe(id: string): Promise<StoredFile | null> {
    if (!idPattern.test(id)) return null;
    return onDisk(() =>
      this.#turns.take(id, async () => {
        const size = this.#sizeOf(id);
        if (size === null) return null;
        const type = await this.#typeOf(id, size);
        await this.#use(id, type);
        return { id, size, contentType: type.contentType, extension: type.extension };
      }),
    );
  }

  async read(id: string, range?: ByteRange): Promise<Readable> {
    if (!idPattern.test(id)) throw notFound();
    return onDisk(async () => {
      const handle = await openExisting(this.#pathOf(id));
      if (handle === null) throw notFound();
      return new FileReader(handle, range, this.#garbage);
    });
  }

  async bytes(id: string): Promise<Uint8Array> {
    const recent = this.#recent.take(id);
    if (recent !== undefined) return recent;
    if (!idPattern.test(id)) throw notFound();
    return onDisk(async () => {
      try {
        return await readFile(this.#pathOf(id));
      } catch (error) {
        if (systemCode(error) === "ENOENT") throw notFound();
        throw error;
      }
    });
  }

  async blob(id: string): Promise<Blob> {
    const file = await this.describe(id);
    if (file === null) throw notFound();
    return onDisk(() => openAsBlob(this.#pathOf(id), { type: file.contentType }));
  }

  async usage(): Promise<number> {
    return onDisk(() => this.#kept.usage());
  }

  async listUnused({ usedBefore, after, limit }: ListUnused): Promise<{ readonly ids: readonly string[]; readonly next: string | null }> {
    return onDisk(async () => {
      const looked = await this.#kept.list(after, limit);
      const ids: string[] = [];
      for (const id of looked) if (((await this.#kept.lastUse(id)) ?? usedBefore) < usedBefore) ids.push(id);
      return { ids, next: looked.length < limit ? null : (looked.at(-1) ?? null) };
    });
  }

  async remove(id: string, { usedBefore }: { readonly usedBefore: number }): Promise<number | null> {
    if (!idPattern.test(id)) return 0;
    return onDisk(() =>
      this.#turns.take(id, async () => {
        const used = await this.#kept.lastUse(id);
        if (used === null) return 0;
        if (used >= usedBefore) return null;
        this.#recent.remove(id);
        return this.#kept.remove(id);
      }),
    );
  }

  async ping(): Promise<void> {
    await onDisk(async () => {
      const temp = await this.#temp.create();
      try {
        await temp.write(Buffer.from("ping"));
        await temp.sync();
      } finally {
        await temp.discard();
      }
    });
  }

  /** The type first and the content last: a file is there once its content is. */
  async #keep(spool: Spool, received: Received, type: MediaType): Promise<StoredFile> {
    const { id, size } = received;
    // No error is made where it is not there, which is the rule; where it cannot be, it cannot be put either.
    const found = statSync(this.#pathOf(id), { throwIfNoEntry: false });
    const existing = found?.isFile() === true && found.size === size ? await this.#typeOf(id, size) : null;
    const kept = existing === null || (vague.has(existing.extension) && !vague.has(type.extension)) ? type : existing;
    const folder = folderOf(id);
    // What lies there already is left alone: a reader's Blob would notice a new file and fail.
    if (existing === null) await this.#add(spool, id, kept);
    else if (kept !== existing) await this.#writeType(id, kept);
    // A rename is on the disk only when its folder is.
    if (kept !== existing || !this.#folders.isSynced(folder)) await this.#folders.sync(folder);
    if (existing === null) this.#kept.change(id);
    await this.#use(id, kept);
    return { id, size, contentType: kept.contentType, extension: kept.extension };
  }

  async #add(spool: Spool, id: string, type: MediaType): Promise<void> {
    const file = await spool.toFile();
    // All of it comes to its end: nothing is closed while it is being synced.
    const [synced, noted] = await Promise.allSettled([file.sync(), this.#prepare(id, type)]);
    if (synced.status === "rejected") throw synced.reason;
    if (noted.status === "rejected") throw noted.reason;
    await file.moveTo(this.#pathOf(id));
  }

  async #prepare(id: string, type: MediaType): Promise<void> {
    await this.#folders.make(folderOf(id));
    // What the content tells by itself needs no note, until it has a use to be noted.
    if (!isEvident(type)) await this.#writeType(id, type);
  }

  async #use(id: string, type: MediaType): Promise<void> {
    if (await this.#kept.use(id, this.#clock.now())) return;
    try {
      await this.#writeType(id, type);
    } catch (error) {
      // Reading goes on where nothing can be written, and nothing can be removed there either.
      if (!unwritable.has(systemCode(error))) throw error;
    }
  }

  async #writeType(id: string, type: MediaType): Promise<void> {
    const temp = await this.#temp.create();
    try {
      await temp.write(Buffer.from(stringifyJson({ contentType: type.contentType, extension: type.extension })));
      await temp.sync();
      await temp.moveTo(`${this.#pathOf(id)}.json`);
    } finally {
      await temp.discard();
    }
  }

  /** Asked without the thread pool, as is its note: microseconds, which the way there and back would make hundreds of. */
  #sizeOf(id: string): number | null {
    try {
      const found = statSync(this.#pathOf(id));
      return found.isFile() ? found.size : null;
    } catch (error) {
      if (systemCode(error) === "ENOENT") return null;
      throw error;
    }
  }

  /** As stored; found out again when that note is lost or damaged. */
  async #typeOf(id: string, size: number): Promise<MediaType> {
    return readType(`${this.#pathOf(id)}.json`) ?? detectMediaType(await readHead(this.#pathOf(id)), size);
  }

  #pathOf(id: string): string {
    return pathOf(this.#dir, id);
  }
}

interface Received {
  readonly id: string;
  readonly size: number;
  /** When its first piece tells it: there is no need of a head then. */
  readonly type: MediaType | null;
  readonly head: Uint8Array;
}

/** Errors of the source pass as they are; those of the disk become `storage_failed`. */
async function receive(content: AsyncIterable<unknown>, spool: Spool, { maxBytes, garbage }: { readonly maxBytes: number; readonly garbage: StreamGarbage }): Promise<Received> {
  const hash = createHash("sha256");
  const heads: Uint8Array[] = [];
  let type: MediaType | null = null;
  let size = 0;
  for await (const piece of content) {
    const chunk = typeof piece === "string" ? Buffer.from(piece) : piece;
    if (!(chunk instanceof Uint8Array)) throw new TypeError("the content of a file is not bytes");
    // A copy: the spool has done with a piece before its type is found out.
    if (size === 0) type = evidentType(chunk);
    if (type === null && size < sniffBytes) heads.push(Buffer.from(chunk.subarray(0, sniffBytes - size)));
    size += chunk.length;
    if (size > maxBytes) throw new AppError("payload_too_large", `A file may have at most ${maxBytes} bytes. Send a smaller one.`);
    hash.update(chunk);
    const { length } = chunk;
    await onDisk(() => spool.write(chunk));
    // Its memory may be given back by now, but not that of what Node.js read it into.
    if (size > largeBytes) garbage.add(length);
  }
  return { id: hash.digest("hex"), size, type, head: Buffer.concat(heads) };
}

async function onDisk<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw toDiskError(error);
  }
}

function notFound(): AppError {
  return new AppError("file_not_found", "No file with this id is stored here. Upload it again.");
}

async function openExisting(path: string): Promise<Awaited<ReturnType<typeof open>> | null> {
  try {
    return await open(path, "r");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return null;
    throw error;
  }
}

async function readHead(path: string): Promise<Uint8Array> {
  const handle = await open(path, "r");
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(sniffBytes), 0, sniffBytes, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

function readType(path: string): MediaType | null {
  try {
    const parsed = storedType.safeParse(parseJson(readFileSync(path, "utf8")));
    return parsed.success ? parsed.data : null;
  } catch (error) {
    if (systemCode(error) === "ENOENT" || error instanceof SyntaxError) return null;
    throw error;
  }
}
