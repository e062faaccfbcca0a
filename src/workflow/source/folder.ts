import { readFile, stat } from "node:fs/promises";
import { isAbsolute, join, normalize } from "node:path";

/** An export with pictures pasted into it has some megabytes; a file larger than this is no workflow. */
const maxFileBytes = 64 * 2 ** 20;

/** The workflows folder, for reading. Names are relative to it, with `/`. */
export class WorkflowFolder {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  /** @throws {Error} in words for the author */
  async read(file: string): Promise<Uint8Array> {
    try {
      const path = join(this.#root, file);
      if ((await stat(path)).size > maxFileBytes) throw new RangeError("The file is larger than 64 MB");
      return await readFile(path);
    } catch (error) {
      if (error instanceof RangeError) throw error;
      const code = error instanceof Error && "code" in error ? String(error.code) : "unknown";
      throw new Error(code === "ENOENT" ? "The file does not exist" : `The file cannot be read (${code})`, { cause: error });
    }
  }

  /** Changes when the file does; `absent` when there is none. */
  async fingerprint(file: string): Promise<string> {
    const found = await stat(join(this.#root, file)).catch(() => null);
    return found === null ? "absent" : `${found.ino} ${found.size} ${found.mtimeMs} ${found.ctimeMs}`;
  }
}

/** What a name in `file` means, relative to the workflows folder; null for one that leads out of it. */
export function beside(file: string, name: string): string | null {
  if (isAbsolute(name)) return null;
  const slash = file.lastIndexOf("/");
  const path = normalize(slash === -1 ? name : `${file.slice(0, slash)}/${name}`);
  return path === ".." || path.startsWith("../") ? null : path;
}
