import { randomUUID } from "node:crypto";
import { closeSync, existsSync, fdatasync, fdatasyncSync, open, openSync, rename, renameSync, writev, writevSync } from "node:fs";
import { mkdir, readdir, rm, stat } from "node:fs/promises";
import { join, sep } from "node:path";
import { promisify } from "node:util";
import type { DiskPace } from "../disk/disk-pace.ts";
import { systemCode } from "./disk-error.ts";

/**
 * A file of so many bytes is written at once: the system takes them into its memory, and the thread pool would do it on
 * another processor, which has to fetch them first. What is larger may have to wait for the disk.
 */
const atOnceBytes = 1024 * 1024;
/** A file of so many bytes is also synced at once, where the disk is quick. */
const quickBytes = 128 * 1024;

// Callbacks: a promise of node:fs/promises costs more, and its handles a trip to the thread pool to be closed.
const writeParts = promisify(writev);
const syncFile = promisify(fdatasync);
const openFile = promisify(open);
const renameFile = promisify(rename);

/** A file being written. `discard` is always called at the end, and does nothing after `moveTo`. */
export class TempFile {
  readonly #path: string;
  readonly #file: number;
  readonly #pace: DiskPace;
  #state: "open" | "closed" | "gone" = "open";
  #bytes = 0;

  /** @param file the open one, which is closed here */
  constructor(path: string, file: number, pace: DiskPace) {
    this.#path = path;
    this.#file = file;
    this.#pace = pace;
  }

  async write(...pieces: readonly Uint8Array[]): Promise<void> {
    let rest = pieces.filter((piece) => piece.length > 0);
    while (rest.length > 0) {
      const bytes = rest.reduce((sum, piece) => sum + piece.length, 0);
      const written = this.#bytes + bytes <= atOnceBytes ? writevSync(this.#file, rest) : (await writeParts(this.#file, rest)).bytesWritten;
      this.#bytes += written;
      rest = written === bytes ? [] : after(rest, written);
    }
  }

  /** False when somebody has removed it meanwhile. */
  isThere(): boolean {
    return existsSync(this.#path);
  }

  /** Its bytes are on the disk afterwards. */
  async sync(): Promise<void> {
    const file = this.#file;
    if (this.#bytes > quickBytes) await syncFile(file);
    else {
      await this.#pace.do(
        () => fdatasyncSync(file),
        () => syncFile(file),
      );
    }
  }

  /** In one step, replacing what is there. */
  async moveTo(path: string): Promise<void> {
    this.#close();
    await this.#pace.do(
      () => renameSync(this.#path, path),
      () => renameFile(this.#path, path),
    );
    this.#state = "gone";
  }

  async discard(): Promise<void> {
    this.#close();
    if (this.#state === "gone") return;
    this.#state = "gone";
    await rm(this.#path, { force: true });
  }

  #close(): void {
    if (this.#state !== "open") return;
    this.#state = "closed";
    closeSync(this.#file);
  }
}

/** What is left of the pieces without their first bytes. */
function after(pieces: readonly Uint8Array[], bytes: number): Uint8Array[] {
  let skip = bytes;
  return pieces.flatMap((piece) => {
    const rest = piece.subarray(Math.min(skip, piece.length));
    skip -= piece.length - rest.length;
    return rest.length > 0 ? [rest] : [];
  });
}

/** Longer than any upload lasts: beyond it, another process of the same number is taken to have nothing to do with the file. */
const abandonedAfterMs = 24 * 60 * 60 * 1000;

/**
 * Where files are written before they are moved to their place in the same file system. From the first file on there is
 * one more, empty, for the next: a process that ends leaves it behind, and the next removes it.
 */
export class TempFolder {
  readonly #dir: string;
  readonly #pace: DiskPace;
  #spare: Promise<TempFile | null> | null = null;
  /** Of the names of this process, which another of the same number does not have. */
  readonly #name = `${process.pid}-${randomUUID()}`;
  #count = 0;

  private constructor(dir: string, pace: DiskPace) {
    this.#dir = dir;
    this.#pace = pace;
  }

  /** Makes the folder and removes the files of processes that are dead. */
  static async open(dir: string, pace: DiskPace): Promise<TempFolder> {
    await mkdir(dir, { recursive: true });
    for (const name of await readdir(dir)) {
      const path = join(dir, name);
      if (await isAbandoned(path, Number(/^(\d+)-/.exec(name)?.[1]))) await rm(path, { force: true, recursive: true });
    }
    return new TempFolder(dir, pace);
  }

  async create(): Promise<TempFile> {
    const opening = this.#spare;
    // Those who come before it is open do not wait for the same one.
    this.#spare = null;
    const spare = await opening;
    const file = spare !== null && (await isUsable(spare)) ? spare : await this.#open();
    // What fails here fails again where somebody waits for it.
    this.#spare ??= this.#open().catch(() => null);
    return file;
  }

  /** Making a file may have to wait until the file system has written its journal. */
  async #open(): Promise<TempFile> {
    this.#count += 1;
    const path = `${this.#dir}${sep}${this.#name}-${this.#count}`;
    const file = await this.#pace.do(
      () => openSync(path, "wx"),
      () => openFile(path, "wx"),
    );
    return new TempFile(path, file, this.#pace);
  }
}

/** It may have lain there for days, and another process, or a person, may have tidied up. */
async function isUsable(spare: TempFile): Promise<boolean> {
  if (spare.isThere()) return true;
  await spare.discard();
  return false;
}

/** @param pid of its writer, as its name says; NaN when it says none */
async function isAbandoned(path: string, pid: number): Promise<boolean> {
  if (!Number.isSafeInteger(pid) || pid < 1 || !isAlive(pid)) return true;
  try {
    const { mtimeMs } = await stat(path);
    // In a container every start has the same number: what is older than this process was left by one before it.
    if (pid === process.pid) return mtimeMs < performance.timeOrigin;
    return mtimeMs < Date.now() - abandonedAfterMs;
  } catch (error) {
    if (systemCode(error) === "ENOENT") return false;
    throw error;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    if (systemCode(error) === "ESRCH") return false;
    if (systemCode(error) === "EPERM") return true;
    throw error;
  }
}
