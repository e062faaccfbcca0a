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

  /** `text` changes when the file does, also when it comes or goes; `changedMs` is by the clock of its disk, 0 for none. */
  async stamp(file: string): Promise<{ readonly text: string; readonly changedMs: number }> {
    const found = await stat(join(this.#root, file)).catch(() => null);
    if (found === null) return { text: "absent", changedMs: 0 };
    return { text: `${found.ino} ${found.size} ${found.mtimeMs} ${found.ctimeMs}`, changedMs: found.ctimeMs };
  }

  async has(file: string): Promise<boolean> {
    return (await this.stamp(file)).text !== "absent";
  }
}

/** What a name in `file` means, relative to the workflows folder; null for one that leads out of it. */
export function beside(file: string, name: string): string | null {
  if (isAbsolute(name)) return null;
  const slash = file.lastIndexOf("/");
  const path = normalize(slash === -1 ? name : `${file.slice(0, slash)}/${name}`);
  return path === ".." || path.startsWith("../") ? null : path;
}
