import path from "node:path/posix";

export const folderTypes = ["input", "output", "temp"] as const;
export type FolderType = (typeof folderTypes)[number];

export function isFolderType(value: string): value is FolderType {
  return value === "input" || value === "output" || value === "temp";
}

/** A file as it was written once: writing over it makes another. */
export class StoredFile {
  /** In order. Files that are alike but for their end can share the memory of what is the same. */
  readonly parts: readonly Uint8Array[];
  readonly size: number;
  /** Milliseconds since the epoch. */
  readonly modified: number;
  /** Tells what was written under one name apart: the time alone cannot, two writes may fall into one millisecond. */
  readonly tag: string;

  constructor(parts: readonly Uint8Array[], number: number) {
    this.parts = parts;
    this.size = parts.reduce((sum, part) => sum + part.byteLength, 0);
    this.modified = Date.now();
    this.tag = `${this.modified.toString(16)}${number.toString(16)}-${this.size.toString(16)}`;
  }

  /** All of it in one piece, which is a copy when it lies in several. */
  get bytes(): Uint8Array {
    const [only, ...more] = this.parts;
    return only === undefined || more.length > 0 ? Buffer.concat(this.parts) : only;
  }
}

/** Where the tree claims to lie, for messages that name paths as the real ones do. */
const basePath = "/opt/ComfyUI/run";

/** Oldest files go first beyond this: a demo left running for days must not fill the memory of its host. */
const maxBytesPerFolder = 256 * 1024 * 1024;

/** ComfyUI's input, output and temp folders, in memory. Keys are paths below the folder, `sub/name.png`. */
export class FileTree {
  readonly #folders: Readonly<Record<FolderType, Map<string, StoredFile>>> = { input: new Map(), output: new Map(), temp: new Map() };
  readonly #bytes: Record<FolderType, number> = { input: 0, output: 0, temp: 0 };
  #writes = 0;

  folderPath(type: FolderType): string {
    return `${basePath}/${type}`;
  }

  read(type: FolderType, filePath: string): StoredFile | undefined {
    return this.#folders[type].get(filePath);
  }

  write(type: FolderType, filePath: string, ...parts: readonly Uint8Array[]): void {
    this.remove(type, filePath);
    this.#writes += 1;
    const file = new StoredFile(parts, this.#writes);
    this.#folders[type].set(filePath, file);
    this.#bytes[type] += file.size;
    if (this.#bytes[type] > maxBytesPerFolder) this.#dropOldest(type, filePath);
  }

  #dropOldest(type: FolderType, kept: string): void {
    for (const oldest of this.#folders[type].keys()) {
      if (this.#bytes[type] <= maxBytesPerFolder || oldest === kept) break;
      this.remove(type, oldest);
    }
  }

  remove(type: FolderType, filePath: string): void {
    const file = this.#folders[type].get(filePath);
    if (file === undefined) return;
    this.#folders[type].delete(filePath);
    this.#bytes[type] -= file.size;
  }

  clear(type: FolderType): void {
    this.#folders[type].clear();
    this.#bytes[type] = 0;
  }

  /** Paths of every file, oldest first. */
  list(type: FolderType): readonly string[] {
    return [...this.#folders[type].keys()];
  }

  /** Names of the files that lie directly in `subfolder`. */
  namesIn(type: FolderType, subfolder: string): readonly string[] {
    return this.list(type)
      .filter((filePath) => parentOf(filePath) === subfolder)
      .map((filePath) => path.basename(filePath));
  }

  hasFolder(type: FolderType, subfolder: string): boolean {
    return subfolder === "" || this.list(type).some((filePath) => filePath.startsWith(`${subfolder}/`));
  }
}

function parentOf(filePath: string): string {
  const parent = path.dirname(filePath);
  return parent === "." ? "" : parent;
}

/** `subfolder/name` below a folder, or null when it leads out of it. */
export function pathBelow(subfolder: string, name: string): string | null {
  if (path.isAbsolute(subfolder) || path.isAbsolute(name)) return null;
  const joined = path.join("/root", subfolder, name);
  return joined.startsWith("/root/") ? joined.slice("/root/".length) : null;
}

/** Splits `a.png [temp]` into the name and the folder it names (comfyui-protocol.md §1.5): the cut includes one character before the bracket. */
export function annotatedName(name: string): { readonly name: string; readonly type: FolderType | null } {
  for (const type of folderTypes) {
    const suffix = `[${type}]`;
    if (name.endsWith(suffix)) return { name: name.slice(0, -(suffix.length + 1)), type };
  }
  return { name, type: null };
}
