import { readdir, realpath, stat } from "node:fs/promises";
import { join } from "node:path";
import { idFault } from "./workflow-id.ts";
import type { BrokenWorkflow } from "./workflow.ts";

/** A file that is to become a workflow. */
export interface WorkflowFile {
  readonly id: string;
  /** Relative to the folder that was walked, with `/`. */
  readonly file: string;
}

export interface Walk {
  /** By id, each id once. */
  readonly files: readonly WorkflowFile[];
  readonly broken: readonly BrokenWorkflow[];
}

/** A folder of workflows nests by family; deeper than this it is some other folder. */
const maxDepth = 10;
/** A folder with more entries than this is some other folder, such as `/`. */
const maxEntries = 20_000;

const moduleSuffixes = [".ts", ".js", ".mjs"] as const;

function isSkipped(name: string): boolean {
  return name.startsWith("_") || name.startsWith(".") || name === "node_modules";
}

/** The id that a file gives, or null for a file that is no workflow. */
function idOf(file: string): string | null {
  if (/\.test\.[a-z]+$/.test(file) || file.endsWith(".d.ts")) return null;
  const suffix = moduleSuffixes.find((candidate) => file.endsWith(candidate));
  return suffix === undefined ? null : file.slice(0, -suffix.length);
}

function broken(id: string, file: string, message: string): BrokenWorkflow {
  return { id, file, line: null, column: null, message };
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "unknown";
}

class Walker {
  readonly files: WorkflowFile[] = [];
  readonly broken: BrokenWorkflow[] = [];
  readonly #root: string;
  #entries = 0;

  constructor(root: string) {
    this.#root = root;
  }

  /** @param ancestors the real paths from the root to here: a link back to one of them would never end */
  async visit(folder: string, ancestors: readonly string[]): Promise<void> {
    const shown = folder === "" ? "." : folder;
    try {
      const real = await realpath(join(this.#root, folder));
      if (ancestors.includes(real)) return;
      if (ancestors.length > maxDepth) {
        this.broken.push(broken(shown, shown, `Folders are nested more than ${maxDepth} deep`));
        return;
      }
      const names = await readdir(real);
      for (const name of names.sort()) {
        if (isSkipped(name)) continue;
        this.#entries += 1;
        if (this.#entries > maxEntries) return;
        await this.#visitEntry(folder === "" ? name : `${folder}/${name}`, [...ancestors, real]);
      }
    } catch (error) {
      const what = codeOf(error) === "ENOENT" ? "The folder does not exist" : `The folder cannot be read (${codeOf(error)})`;
      this.broken.push(broken(shown, shown, what));
    }
  }

  async #visitEntry(path: string, ancestors: readonly string[]): Promise<void> {
    let isFolder: boolean;
    try {
      isFolder = (await stat(join(this.#root, path))).isDirectory();
    } catch (error) {
      const id = idOf(path);
      if (id !== null) this.broken.push(broken(id, path, `The file cannot be read (${codeOf(error)})`));
      return;
    }
    if (isFolder) return this.visit(path, ancestors);
    const id = idOf(path);
    if (id === null) return;
    const fault = idFault(id);
    if (fault === null) this.files.push({ id, file: path });
    else this.broken.push(broken(id, path, fault));
  }

  result(): Walk {
    if (this.#entries > maxEntries) {
      this.broken.push(broken(".", ".", `The folder holds more than ${maxEntries} files: is it the folder of the workflows?`));
    }
    const byId = Map.groupBy(this.files, (found) => found.id);
    const files = [...byId.values()].flatMap((found) => (found.length === 1 ? found : []));
    const clashes = [...byId].flatMap(([id, found]) => {
      const names = found.map((each) => each.file).join(" and ");
      return found.length === 1 ? [] : found.map(({ file }) => broken(id, file, `${names} are the same workflow: keep one of them`));
    });
    return { files: files.sort((a, b) => (a.id < b.id ? -1 : 1)), broken: [...this.broken, ...clashes] };
  }
}

/**
 * Finds the workflows below a folder, at any depth. Names that begin with `_` or `.`, tests, type declarations and
 * node_modules are not workflows. Nothing is loaded, and nothing is thrown for what cannot be read.
 */
export async function walkWorkflows(root: string): Promise<Walk> {
  const walker = new Walker(root);
  await walker.visit("", []);
  return walker.result();
}
