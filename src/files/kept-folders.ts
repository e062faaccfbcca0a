import { existsSync, fsync, fsyncSync, open } from "node:fs";
import { mkdir } from "node:fs/promises";
import { sep } from "node:path";
import { promisify } from "node:util";
import type { DiskPace } from "../disk/disk-pace.ts";

const openFolder = promisify(open);
const syncOpen = promisify(fsync);

/**
 * The folders `ab` that the files of a disk file store are in. They stay open once they were synced, as long as the
 * process lives, so that syncing one is one trip to the thread pool at most, and not three: 256 descriptors at most.
 */
export class KeptFolders {
  readonly #dir: string;
  readonly #pace: DiskPace;
  readonly #open = new Map<string, Promise<number>>();
  readonly #synced = new Set<string>();

  constructor(dir: string, pace: DiskPace) {
    this.#dir = dir;
    this.#pace = pace;
  }

  /** Makes it when it is not there, for good. */
  async make(name: string): Promise<void> {
    const path = this.#pathOf(name);
    if (existsSync(path)) return;
    // Somebody removed it: what is open is another one. It is not closed, for it may be being synced.
    this.#open.delete(name);
    this.#synced.delete(name);
    if ((await mkdir(path, { recursive: true })) !== undefined) await this.sync(".");
  }

  /** What was renamed into it before the call is on the disk afterwards. */
  async sync(name: string): Promise<void> {
    const folder = await this.#opened(name);
    await this.#pace.do(
      () => fsyncSync(folder),
      () => syncOpen(folder),
    );
    this.#synced.add(name);
  }

  /** Whether a sync of ours has found it: what an earlier process put there it may not have synced before it died. */
  isSynced(name: string): boolean {
    return this.#synced.has(name);
  }

  #pathOf(name: string): string {
    return `${this.#dir}${sep}${name}`;
  }

  #opened(name: string): Promise<number> {
    const known = this.#open.get(name);
    if (known !== undefined) return known;
    const opening = openFolder(this.#pathOf(name), "r");
    this.#open.set(name, opening);
    // Who waits for it is told; the next tries again.
    opening.catch(() => this.#open.delete(name));
    return opening;
  }
}
