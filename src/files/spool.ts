import type { TempFile, TempFolder } from "./temp-folder.ts";

/**
 * So much is held in memory, when nobody says otherwise, before it goes to the disk: what is small needs no temporary file
 * when the same is kept already, and what is large is written in few pieces. Times the number of uploads at once (800
 * connections) it is what the gateway can be made to hold: 100 MiB.
 */
export const heldBytes = 128 * 1024;

/** Content on its way into the store. `discard` is always called at the end. */
export class Spool {
  readonly #folder: TempFolder;
  readonly #holdBytes: number;
  readonly #used: (piece: Uint8Array) => void;
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  #file: TempFile | null = null;

  /** @param used is given each piece that is on its way to the disk and held no more */
  constructor(folder: TempFolder, { holdBytes = heldBytes, used }: { readonly holdBytes?: number | undefined; readonly used: (piece: Uint8Array) => void }) {
    this.#folder = folder;
    this.#holdBytes = holdBytes;
    this.#used = used;
  }

  async write(piece: Uint8Array): Promise<void> {
    this.#held.push(piece);
    this.#heldBytes += piece.length;
    if (this.#heldBytes < this.#holdBytes) return;
    await this.#flush();
    this.#letGo();
  }

  /** Whether all of it is held: nothing has gone to the disk. */
  get isWhole(): boolean {
    return this.#file === null;
  }

  /** What is held, which is the caller's from here on. */
  take(): readonly Uint8Array[] {
    const held = this.#held;
    this.#held = [];
    this.#heldBytes = 0;
    return held;
  }

  /** A temporary file with all that was written. Nothing is written after this. */
  async toFile(): Promise<TempFile> {
    return this.#flush();
  }

  async discard(): Promise<void> {
    this.#letGo();
    await this.#file?.discard();
  }

  async #flush(): Promise<TempFile> {
    this.#file ??= await this.#folder.create();
    await this.#file.write(...this.#held);
    return this.#file;
  }

  #letGo(): void {
    for (const piece of this.take()) this.#used(piece);
  }
}
