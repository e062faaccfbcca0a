import { statSync } from "node:fs";
import { readdir, stat, unlink, utimes } from "node:fs/promises";
import { join, sep } from "node:path";
import { systemCode } from "./disk-error.ts";

const folderPattern = /^[0-9a-f]{2}$/;
const namePattern = /^([0-9a-f]{64})(?:\.json)?$/;

/** The name of the folder `ab` that `abcdef…` is in. */
export function folderOf(id: string): string {
  return id.slice(0, 2);
}

/** Of `ab/abcdef…`, below the folder of a disk file store. @param id checked: 64 hex digits, so that no path can be smuggled in */
export function pathOf(dir: string, id: string): string {
  // Six times for each file, and a path that is put together right needs no tidying.
  return `${dir}${sep}${folderOf(id)}${sep}${id}`;
}

/** A use is written down at most this often, which spares the disk when a picture is shown again and again. */
const useEveryMs = 60_000;

/** As long as the disk takes no writes, nothing is removed from it either, and reading has to go on. */
export const unwritable: ReadonlySet<string | null> = new Set(["EROFS", "EACCES", "EPERM"]);

/**
 * What lies below a disk file store's folder, how large it is and when it was last used. The note of a file's type
 * (`….json`) also carries, as its time of change, when the file was last put or described; the file itself keeps its own,
 * for a Blob that is being read fails when that changes. A picture has no note before its second use: its content tells
 * its type, and its own time of change the first.
 */
export class KeptFiles {
  readonly #dir: string;
  readonly #sizes = new Map<string, number>();
  readonly #changed = new Set<string>();

  constructor(dir: string) {
    this.#dir = dir;
  }

  /** The size of the file's folder is counted anew. */
  change(id: string): void {
    this.#changed.add(folderOf(id));
  }

  /** Bytes of all files. Only folders that have changed since the last call are looked at. */
  async usage(): Promise<number> {
    let sum = 0;
    for (const folder of await this.#folders()) {
      const known = this.#changed.has(folder) ? undefined : this.#sizes.get(folder);
      const size = known ?? (await this.#count(folder));
      sum += size;
    }
    return sum;
  }

  async #count(folder: string): Promise<number> {
    // Before the first look: what changes meanwhile is counted the next time.
    this.#changed.delete(folder);
    let sum = 0;
    for (const id of await this.#idsIn(folder)) sum += (await lookAt(pathOf(this.#dir, id)))?.size ?? 0;
    this.#sizes.set(folder, sum);
    return sum;
  }

  /** Ids of the next `limit` files after `after` in their order, those included of which only the note is left. */
  async list(after: string | null, limit: number): Promise<readonly string[]> {
    const found: string[] = [];
    for (const folder of await this.#folders()) {
      if (after !== null && folder < after.slice(0, 2)) continue;
      const ids = await this.#idsIn(folder);
      found.push(...ids.filter((id) => after === null || id > after));
      if (found.length >= limit) break;
    }
    return found.slice(0, limit);
  }

  /** Milliseconds since the epoch; null when nothing is left of the file. */
  async lastUse(id: string): Promise<number | null> {
    const path = pathOf(this.#dir, id);
    const seen = (await lookAt(`${path}.json`)) ?? (await lookAt(path));
    return seen?.mtimeMs ?? null;
  }

  /** Resolves false when there is no note to write it on, and it has to be written down: a file just written tells by itself. */
  async use(id: string, nowMs: number): Promise<boolean> {
    const path = pathOf(this.#dir, id);
    const note = `${path}.json`;
    const noted = statSync(note, { throwIfNoEntry: false });
    const seen = noted ?? statSync(path, { throwIfNoEntry: false });
    // A note from the future was written before the clock was set back.
    if (seen !== undefined && Math.abs(nowMs - seen.mtimeMs) < useEveryMs) return true;
    if (noted === undefined) return false;
    try {
      await utimes(note, nowMs / 1000, nowMs / 1000);
    } catch (error) {
      if (!unwritable.has(systemCode(error))) throw error;
    }
    return true;
  }

  /** The content first and its note last: whoever finds the rest after a crash finds a file that is not there. Resolves the bytes freed. */
  async remove(id: string): Promise<number> {
    const path = pathOf(this.#dir, id);
    const size = (await lookAt(path))?.size ?? 0;
    await unlinkExisting(path);
    await unlinkExisting(`${path}.json`);
    this.change(id);
    return size;
  }

  async #folders(): Promise<readonly string[]> {
    return (await readdir(this.#dir)).filter((name) => folderPattern.test(name)).toSorted();
  }

  async #idsIn(folder: string): Promise<readonly string[]> {
    const ids = (await readdir(join(this.#dir, folder))).flatMap((name) => namePattern.exec(name)?.[1] ?? []);
    return [...new Set(ids)].filter((id) => id.startsWith(folder)).toSorted();
  }
}

/** For walks over the whole store: many of them would hold up everything else. */
async function lookAt(path: string): Promise<{ readonly size: number; readonly mtimeMs: number } | null> {
  try {
    return await stat(path);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return null;
    throw error;
  }
}

async function unlinkExisting(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (systemCode(error) !== "ENOENT") throw error;
  }
}
