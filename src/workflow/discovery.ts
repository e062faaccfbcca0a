import { dirname, relative } from "node:path";
import { setImmediate } from "node:timers/promises";
import type { Catalog } from "../graph/catalog.ts";
import type { DiscoveredWorkflows, DiscoverOptions } from "./discover.ts";
import { workflowFromExport } from "./export/export-source.ts";
import { hostModules } from "./host-modules.ts";
import { ModuleLoader } from "./module-loader.ts";
import { workflowFromModule } from "./module-source.ts";
import { WorkflowFolder } from "./source/folder.ts";
import { readSidecar, type Sidecar } from "./source/sidecar.ts";
import { failedWith, type SourceOutcome } from "./source/source-outcome.ts";
import { brokenBy, type SourceProblem } from "./source/source-problem.ts";
import { workflowFromTemplate } from "./template/template-source.ts";
import { findWorkflowFiles, readName, settleIds, type FoundFile, type FoundFiles, type SidecarFile } from "./walk.ts";
import { readWrapper, type Wrapper } from "./webui/wrapper.ts";
import { workflowFromWrapper } from "./webui/wrapper-source.ts";
import type { BrokenWorkflow, Workflow } from "./workflow.ts";

/** What one file became, at one moment. */
interface Found {
  readonly id: string;
  readonly workflow: Workflow | null;
  readonly broken: readonly BrokenWorkflow[];
  readonly notes: readonly BrokenWorkflow[];
}

interface Remembered {
  /** The file and whatever it was read with. */
  readonly uses: readonly string[];
  /** Of those files, when it was read. */
  readonly key: string;
  readonly found: Found;
}

const moduleName = /\.m?[jt]s$/;

/** Requests are served while files are read: this long at a stretch is not felt. */
const longestStretchMs = 15;

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("utf8").replace(/^\uFEFF/, "");
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function fromModule(id: string, file: string, exports: unknown): Found {
  const result = workflowFromModule(id, exports);
  if ("workflow" in result) return { id, workflow: result.workflow, broken: [], notes: [] };
  return { id, workflow: null, broken: [{ id, file, line: null, column: null, message: `${file}: ${result.problems.join("; ")}` }], notes: [] };
}

/**
 * Reads every workflow, built in and in the folder. Nothing is thrown for a file that is no workflow: it is listed as
 * broken, and the others stand. A file that replaces a built-in workflow replaces it also when it is broken, for its
 * author did not mean the built-in graph.
 *
 * A file is read, and a module run, again only when it, a file that it imports or names, or the catalog has changed.
 */
export class WorkflowDiscovery {
  readonly #builtins: readonly Found[];
  readonly #dir: string | null;
  #remembered: ReadonlyMap<string, Remembered> = new Map();
  #rememberedCatalog: Catalog | null = null;

  constructor(options: Pick<DiscoverOptions, "builtins" | "dir">) {
    this.#builtins = options.builtins.map(({ id, module }) => fromModule(id, `${id}.ts`, module));
    this.#dir = options.dir ?? null;
  }

  async discover(catalog: Catalog): Promise<DiscoveredWorkflows> {
    if (this.#dir === null) return assemble(this.#builtins, [], [], []);
    const known = this.#rememberedCatalog === catalog ? this.#remembered : new Map<string, Remembered>();
    const reading = new Reading(this.#dir, catalog, known);
    const result = await reading.run(await findWorkflowFiles(this.#dir));
    this.#remembered = reading.remembered;
    this.#rememberedCatalog = catalog;
    return assemble(this.#builtins, result.found, result.broken, result.notes);
  }
}

function assemble(
  builtins: readonly Found[],
  own: readonly Found[],
  broken: readonly BrokenWorkflow[],
  notes: readonly BrokenWorkflow[],
): DiscoveredWorkflows {
  const taken = new Set([...own.map(({ id }) => id), ...broken.map(({ id }) => id)]);
  const all = [...builtins.filter(({ id }) => !taken.has(id)), ...own];
  return {
    workflows: all.flatMap(({ workflow }) => workflow ?? []),
    broken: [...all.flatMap((each) => each.broken), ...broken],
    shadowed: builtins.map(({ id }) => id).filter((id) => taken.has(id)),
    notes: [...all.flatMap((each) => each.notes), ...notes],
  };
}

/**
 * Reads one file as the gateway would, were the folder that it stands in a family of workflows. Nothing else of the
 * folder is read but what the file imports or names.
 *
 * @param path absolute
 */
export async function discoverFile(path: string, catalog: Catalog): Promise<DiscoveredWorkflows> {
  const family = dirname(path);
  const root = dirname(family);
  const file = relative(root, path);
  const name = readName(file);
  if (name === null || name.kind === "sidecar") {
    const message = "The name is not that of a workflow: .ts, .js, .mjs, .json, .webui.yml or .template.json";
    return assemble([], [], [brokenBy(file, { file, place: null, message })], []);
  }
  const { id, kind } = name;
  const folder = new WorkflowFolder(root);
  const sidecars: SidecarFile[] = [];
  for (const suffix of [".yml", ".yaml"]) if ((await folder.fingerprint(id + suffix)) !== "absent") sidecars.push({ id, file: id + suffix });
  const { found, broken, notes } = await new Reading(root, catalog, new Map()).run({ files: [{ id, kind, file }], sidecars, broken: [] });
  return assemble([], found, broken, notes);
}

interface Read {
  readonly found: readonly Found[];
  readonly broken: readonly BrokenWorkflow[];
  readonly notes: readonly BrokenWorkflow[];
}

/** One reading of the folder. */
class Reading {
  readonly #folder: WorkflowFolder;
  readonly #catalog: Catalog;
  readonly #known: ReadonlyMap<string, Remembered>;
  readonly #loader: ModuleLoader;
  readonly remembered = new Map<string, Remembered>();
  #sidecarOf: ReadonlyMap<string, string> = new Map();
  #stretchStart = performance.now();

  constructor(dir: string, catalog: Catalog, known: ReadonlyMap<string, Remembered>) {
    this.#folder = new WorkflowFolder(dir);
    this.#catalog = catalog;
    this.#known = known;
    this.#loader = new ModuleLoader(dir, hostModules());
  }

  async run({ files, sidecars, broken: unread }: FoundFiles): Promise<Read> {
    this.#sidecarOf = new Map(sidecars.map(({ id, file }) => [id, file]));
    const modules = new Map<string, Found>();
    for (const file of files.filter(({ kind }) => kind === "module")) {
      await this.#breathe();
      modules.set(file.file, await this.#module(file));
    }
    const wrappers = new Map<string, Wrapper | readonly SourceProblem[]>();
    for (const { file, id } of files.filter(({ kind }) => kind === "wrapper")) wrappers.set(file, await this.#wrapper(id, file));
    // What a module imports is its data, and what a wrapper names is its export: neither is a workflow of its own.
    const owned = new Set([
      ...[...modules.keys()].flatMap((file) => this.remembered.get(file)?.uses ?? []),
      ...[...wrappers.values()].flatMap((wrapper) => ("exportFile" in wrapper ? [wrapper.exportFile] : [])),
    ]);
    const { files: settled, broken } = settleIds(files.filter(({ file, kind }) => kind !== "export" || !owned.has(file)), unread);

    const found: Found[] = [];
    for (const file of settled) {
      await this.#breathe();
      found.push(modules.get(file.file) ?? (await this.#source(file, wrappers.get(file.file))));
    }
    const ids = new Set(files.map(({ id }) => id));
    const stray = sidecars.filter(({ id }) => !ids.has(id)).map(({ id, file }) => brokenBy(id, { file, place: null, message: "There is no workflow of this name that it could describe" }));
    return { found, broken, notes: stray };
  }

  #module({ id, file, kind }: FoundFile): Promise<Found> {
    return this.#remember({ id, file, kind }, () => {
      const loaded = this.#loader.load(file);
      const found: Found = "exports" in loaded ? fromModule(id, file, loaded.exports) : { id, workflow: null, broken: [{ id, file, ...loaded.failure }], notes: [] };
      return Promise.resolve({ found, uses: this.#loader.filesOf(file) });
    });
  }

  async #wrapper(id: string, file: string): Promise<Wrapper | readonly SourceProblem[]> {
    try {
      return readWrapper({ id, file, text: textOf(await this.#folder.read(file)) });
    } catch (error) {
      return [{ file, place: null, message: messageOf(error) }];
    }
  }

  #source(file: FoundFile, wrapper: Wrapper | readonly SourceProblem[] | undefined): Promise<Found> {
    const { id } = file;
    const uses = [file.file, ...(wrapper !== undefined && "exportFile" in wrapper ? [wrapper.exportFile] : [])];
    return this.#remember(file, async () => {
      const { workflow, problems, notes } = await this.#read(file, wrapper);
      return { uses, found: { id, workflow, broken: problems.map((problem) => brokenBy(id, problem)), notes: notes.map((note) => brokenBy(id, note)) } };
    });
  }

  async #read({ id, file, kind }: FoundFile, wrapper: Wrapper | readonly SourceProblem[] | undefined): Promise<SourceOutcome> {
    try {
      if (wrapper !== undefined) return "exportFile" in wrapper ? await this.#wrapped(wrapper) : failedWith(...wrapper);
      const source = { id, file, bytes: await this.#folder.read(file) };
      return kind === "template" ? workflowFromTemplate(source, this.#catalog) : workflowFromExport(source, this.#catalog);
    } catch (error) {
      return failedWith({ file, place: null, message: messageOf(error) });
    }
  }

  async #wrapped(wrapper: Wrapper): Promise<SourceOutcome> {
    let bytes: Uint8Array;
    try {
      bytes = await this.#folder.read(wrapper.exportFile);
    } catch (error) {
      return failedWith({ file: wrapper.file, place: wrapper.placeOf(["workflow_file"]), message: `${wrapper.exportFile}: ${messageOf(error)}` });
    }
    return workflowFromWrapper(wrapper, bytes, this.#catalog);
  }

  async #remember({ file, id }: FoundFile, read: () => Promise<Pick<Remembered, "found" | "uses">>): Promise<Found> {
    const sidecar = this.#sidecarOf.get(id);
    const beside = sidecar === undefined ? [] : [sidecar];
    const known = this.#known.get(file);
    if (known !== undefined && known.key === (await this.#keyOf([...known.uses, ...beside]))) {
      this.remembered.set(file, known);
      return known.found;
    }
    // Before the reading: what changes while it reads is then read again.
    const before = await this.#keyOf([file]);
    const { found, uses } = await read();
    const others = [...uses.slice(1), ...beside];
    const key = others.length === 0 ? before : `${before}\n${await this.#keyOf(others)}`;
    // A module that failed may have been looking for a file that is not there yet.
    const isSure = found.workflow !== null || !moduleName.test(file);
    const complete = await this.#withSidecar(found, sidecar);
    this.remembered.set(file, { uses, key: isSure ? key : "", found: complete });
    return complete;
  }

  async #keyOf(files: readonly string[]): Promise<string> {
    return (await Promise.all(files.map(async (file) => `${file} ${await this.#folder.fingerprint(file)}`))).join("\n");
  }

  async #withSidecar(found: Found, file: string | undefined): Promise<Found> {
    if (file === undefined) return found;
    const sidecar = await this.#sidecar(file);
    if ("problems" in sidecar) return { ...found, broken: [...found.broken, ...sidecar.problems.map((problem) => brokenBy(found.id, problem))] };
    return found.workflow === null ? found : { ...found, workflow: sidecar.apply(found.workflow) };
  }

  async #sidecar(file: string): Promise<Sidecar | { readonly problems: readonly SourceProblem[] }> {
    try {
      return readSidecar(file, textOf(await this.#folder.read(file)));
    } catch (error) {
      return { problems: [{ file, place: null, message: messageOf(error) }] };
    }
  }

  /** Lets whatever waits go first, now and then. */
  async #breathe(): Promise<void> {
    if (performance.now() - this.#stretchStart < longestStretchMs) return;
    await setImmediate();
    this.#stretchStart = performance.now();
  }
}
