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

export interface Walk<File extends WorkflowFile = WorkflowFile> {
  /** By id, each id once. */
  readonly files: readonly File[];
  readonly broken: readonly BrokenWorkflow[];
}

/** What a file's name says that it is. */
export type FileKind = "module" | "export" | "wrapper" | "template";

export interface FoundFile extends WorkflowFile {
  readonly kind: FileKind;
}

/** A file that says more about the workflow of the same name. */
export type SidecarFile = WorkflowFile;

export interface FoundFiles {
  readonly files: readonly FoundFile[];
  readonly sidecars: readonly SidecarFile[];
  /** What could not be read. */
  readonly broken: readonly BrokenWorkflow[];
}

/** A folder of workflows nests by family; deeper than this it is some other folder. */
const maxDepth = 10;
/** A folder with more entries than this is some other folder, such as `/`. */
const maxEntries = 20_000;

/** The longest that fits decides. */
const suffixes: readonly (readonly [string, FileKind | "sidecar"])[] = [
  [".webui.yml", "wrapper"],
  [".webui.yaml", "wrapper"],
  [".template.json", "template"],
  [".ts", "module"],
  [".js", "module"],
  [".mjs", "module"],
  [".json", "export"],
  [".yml", "sidecar"],
  [".yaml", "sidecar"],
];

/** What a folder has beside modules so that editors and npm understand them. */
const packageFiles: ReadonlySet<string> = new Set(["package.json", "package-lock.json", "tsconfig.json", "jsconfig.json"]);

function isSkipped(name: string): boolean {
  return name.startsWith("_") || name.startsWith(".") || name === "node_modules" || packageFiles.has(name);
}

/** The id and kind that a file's name gives, or null for a file that is neither workflow nor sidecar. */
export function readName(file: string): { readonly id: string; readonly kind: FileKind | "sidecar" } | null {
  if (/\.test\.[a-z]+$/.test(file) || file.endsWith(".d.ts")) return null;
  const found = suffixes.find(([suffix]) => file.endsWith(suffix));
  return found === undefined ? null : { id: file.slice(0, -found[0].length), kind: found[1] };
}

function broken(id: string, file: string, message: string): BrokenWorkflow {
  return { id, file, line: null, column: null, message };
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "unknown";
}

class Walker {
  readonly files: FoundFile[] = [];
  readonly sidecars: SidecarFile[] = [];
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
      const name = readName(path);
      if (name !== null) this.broken.push(broken(name.id, path, `The file cannot be read (${codeOf(error)})`));
      return;
    }
    if (isFolder) return this.visit(path, ancestors);
    const name = readName(path);
    if (name === null) return;
    const { id, kind } = name;
    if (kind === "sidecar") this.sidecars.push({ id, file: path });
    else this.files.push({ id, file: path, kind });
  }

  result(): FoundFiles {
    if (this.#entries > maxEntries) {
      this.broken.push(broken(".", ".", `The folder holds more than ${maxEntries} files: is it the folder of the workflows?`));
    }
    return { files: this.files, sidecars: this.sidecars, broken: this.broken };
  }
}

/**
 * Keeps the files whose id can be served and is theirs alone.
 *
 * @param broken what was found broken before
 */
export function settleIds<File extends WorkflowFile>(files: readonly File[], before: readonly BrokenWorkflow[]): Walk<File> {
  const unservable = files.flatMap(({ id, file }) => {
    const fault = idFault(id);
    return fault === null ? [] : [broken(id, file, fault)];
  });
  const faulty = new Set(unservable.map(({ file }) => file));
  const byId = Map.groupBy(files.filter(({ file }) => !faulty.has(file)), (found) => found.id);
  const settled = [...byId.values()].flatMap((found) => (found.length === 1 ? found : []));
  const clashes = [...byId].flatMap(([id, found]) => {
    const names = found.map((each) => each.file).join(" and ");
    return found.length === 1 ? [] : found.map(({ file }) => broken(id, file, `${names} are the same workflow: keep one of them`));
  });
  return { files: settled.sort((a, b) => (a.id < b.id ? -1 : 1)), broken: [...before, ...unservable, ...clashes] };
}

/**
 * Finds whatever below a folder may be a workflow, at any depth. Names that begin with `_` or `.`, tests, type
 * declarations, node_modules and a package's own files are not. Nothing is loaded, and nothing is thrown for what
 * cannot be read.
 */
export async function findWorkflowFiles(root: string): Promise<FoundFiles> {
  const walker = new Walker(root);
  await walker.visit("", []);
  return walker.result();
}

/** The modules below a folder: what can be built into the executable. */
export async function walkWorkflows(root: string): Promise<Walk> {
  const { files, broken: unread } = await findWorkflowFiles(root);
  const modules = files.filter(({ kind }) => kind === "module").map(({ id, file }) => ({ id, file }));
  return settleIds(modules, unread);
}
