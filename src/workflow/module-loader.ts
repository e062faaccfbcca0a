import { readFileSync } from "node:fs";
import { createRequire, isBuiltin } from "node:module";
import { dirname, relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parseJson } from "../json/exact.ts";
import { loadFailure, type LoadFailure } from "./load-failure.ts";
import type { CompileModule } from "./module-compiler.ts";
import { findModuleFile } from "./module-files.ts";

export type LoadedModule = { readonly exports: unknown } | { readonly failure: LoadFailure };

function isPath(specifier: string): boolean {
  return /^\.{0,2}\//.test(specifier) || specifier === "." || specifier === "..";
}

function isNotFound(error: unknown, specifier: string): boolean {
  if (!(error instanceof Error) || !("code" in error)) return false;
  const isMissing = error.code === "MODULE_NOT_FOUND" || error.code === "ERR_MODULE_NOT_FOUND";
  return isMissing && error.message.includes(`'${specifier}'`);
}

/**
 * Loads `.ts`, `.js` and `.mjs` modules at run time, with no Node.js on the host and no build: transpiled to
 * CommonJS, so that a module can be forgotten again and loaded anew. Not a sandbox: a module is the operator's own
 * code and may do what the gateway may.
 *
 * Each loader has its own cache. Packages below node_modules are Node's, which never forgets them.
 */
export class ModuleLoader {
  readonly #root: string;
  readonly #hostModules: ReadonlyMap<string, unknown>;
  readonly #loaded = new Map<string, { exports: unknown }>();
  readonly #imports = new Map<string, Set<string>>();

  /**
   * @param root the workflows folder: places in messages are relative to it
   * @param hostModules what is handed out from inside the executable, by the name it is imported by
   */
  constructor(root: string, hostModules: ReadonlyMap<string, unknown>) {
    this.#root = resolve(root);
    this.#hostModules = hostModules;
  }

  /** @param file below the root */
  async load(file: string): Promise<LoadedModule> {
    // Only now: a gateway without modules of its own never needs the compiler, whose making is a tenth of a start.
    const { compileModule } = await import("./module-compiler.ts");
    const path = resolve(this.#root, file);
    try {
      return { exports: this.#loadFile(path, compileModule) };
    } catch (error) {
      return { failure: loadFailure(this.#root, path, error) };
    }
  }

  /**
   * Every file that a module was made of, itself first, relative to the root: what it imports, and so on, without
   * packages of a node_modules folder.
   */
  filesOf(file: string): readonly string[] {
    const files = new Set([resolve(this.#root, file)]);
    for (const path of files) for (const imported of this.#imports.get(path) ?? []) files.add(imported);
    return [...files].map((path) => relative(this.#root, path));
  }

  /** Forgets every module: what is loaded next is read anew. */
  clear(): void {
    this.#loaded.clear();
    this.#imports.clear();
  }

  #loadFile(path: string, compile: CompileModule): unknown {
    const known = this.#loaded.get(path);
    // In a cycle this is the part that has run so far, as everywhere in CommonJS.
    if (known !== undefined) return known.exports;
    const source = readFileSync(path, "utf8").replace(/^\uFEFF/, "");
    const module: { exports: unknown } = { exports: path.endsWith(".json") ? parseJson(source) : {} };
    this.#loaded.set(path, module);
    if (path.endsWith(".json")) return module.exports;
    try {
      const directory = dirname(path);
      compile(path, source)({
        require: (specifier) => this.#require(path, specifier, compile),
        module,
        importMeta: { url: pathToFileURL(path).href, filename: path, dirname: directory, main: false },
        filename: path,
        dirname: directory,
      });
    } catch (error) {
      this.#loaded.delete(path);
      throw error;
    }
    return module.exports;
  }

  #require(importer: string, specifier: string, compile: CompileModule): unknown {
    if (this.#hostModules.has(specifier)) return this.#hostModules.get(specifier);
    if (isPath(specifier)) {
      const file = findModuleFile(importer, specifier);
      if (file === null) throw new Error(`Cannot find "${specifier}", imported here`);
      this.#imports.set(importer, (this.#imports.get(importer) ?? new Set<string>()).add(file));
      return this.#loadFile(file, compile);
    }
    // In the executable the ordinary require knows only Node's own modules; one made for the file knows all.
    const require = createRequire(importer);
    if (isBuiltin(specifier)) return require(specifier);
    try {
      return require(specifier);
    } catch (error) {
      if (!isNotFound(error, specifier)) throw error;
      const names = [...this.#hostModules.keys()].map((name) => `"${name}"`).join(", ");
      throw new Error(
        `Cannot find "${specifier}". A workflow module can import ${names}, Node's own modules, files beside it, and packages of a node_modules folder beside it`,
        { cause: error },
      );
    }
  }
}
