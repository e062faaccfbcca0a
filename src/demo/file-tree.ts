import path from "node:path/posix";

export const folderTypes = ["input", "output", "temp"] as const;
export type FolderType = (typeof folderTypes)[number];

export function isFolderType(value: string): value is FolderType {
  return value === "input" || value === "output" || value === "temp";
}

export interface StoredFile {
  readonly bytes: Uint8Array;
  /** Milliseconds since the epoch. */
  readonly modified: number;
}

/** Where the tree claims to lie, for messages that name paths as the real ones do. */
const basePath = "/opt/ComfyUI/run";

/** Oldest files go first beyond this: a demo left running for days must not fill the memory of its host. */
const maxBytesPerFolder = 256 * 1024 * 1024;

/** ComfyUI's input, output and temp folders, in memory. Keys are paths below the folder, `sub/name.png`. */
export class FileTree {
  readonly #folders: Readonly<Record<FolderType, Map<string, StoredFile>>> = { input: new Map(), output: new Map(), temp: new Map() };
  readonly #bytes: Record<FolderType, number> = { input: 0, output: 0, temp: 0 };

  folderPath(type: FolderType): string {
    return `${basePath}/${type}`;
  }

  read(type: FolderType, filePath: string): StoredFile | undefined {
    return this.#folders[type].get(filePath);
  }

  write(type: FolderType, filePath: string, bytes: Uint8Array): void {
    this.remove(type, filePath);
    this.#folders[type].set(filePath, { bytes, modified: Date.now() });
    this.#bytes[type] += bytes.byteLength;
    for (const oldest of this.#folders[type].keys()) {
      if (this.#bytes[type] <= maxBytesPerFolder || oldest === filePath) break;
      this.remove(type, oldest);
    }
  }

  remove(type: FolderType, filePath: string): void {
    const file = this.#folders[type].get(filePath);
    if (file === undefined) return;
    this.#folders[type].delete(filePath);
    this.#bytes[type] -= file.bytes.byteLength;
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
  const joined = path.normalize(path.join("/root", subfolder, name));
  if (path.isAbsolute(subfolder) || path.isAbsolute(name)) return null;
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
