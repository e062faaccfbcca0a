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
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  #file: TempFile | null = null;

  constructor(folder: TempFolder, holdBytes = heldBytes) {
    this.#folder = folder;
    this.#holdBytes = holdBytes;
  }

  async write(piece: Uint8Array): Promise<void> {
    this.#held.push(piece);
    this.#heldBytes += piece.length;
    if (this.#heldBytes >= this.#holdBytes) await this.#flush();
  }

  /** All of it, when nothing has gone to the disk. */
  whole(): Uint8Array | null {
    return this.#file === null ? this.#joined() : null;
  }

  /** A temporary file with all that was written. Nothing is written after this. */
  async toFile(): Promise<TempFile> {
    return this.#flush();
  }

  async discard(): Promise<void> {
    this.#held = [];
    await this.#file?.discard();
  }

  async #flush(): Promise<TempFile> {
    this.#file ??= await this.#folder.create();
    const bytes = this.#joined();
    this.#held = [];
    this.#heldBytes = 0;
    if (bytes.length > 0) await this.#file.write(bytes);
    return this.#file;
  }

  #joined(): Uint8Array {
    const [first] = this.#held;
    if (this.#held.length !== 1 || first === undefined) this.#held = [Buffer.concat(this.#held, this.#heldBytes)];
    return this.#held[0] ?? new Uint8Array();
  }
}
