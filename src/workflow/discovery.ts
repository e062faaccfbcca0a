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
  readonly wrapper?: ReadWrapper | undefined;
}

interface ReadWrapper {
  /** Of the wrapper alone, without its export. */
  readonly key: string;
  readonly read: Wrapper | readonly SourceProblem[];
}

const moduleName = /\.m?[jt]s$/;

/** Files that are read at a time: the disk is waited for together, and between two turns requests are served. */
const atATime = 8;

async function inTurns<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<readonly R[]> {
  const done: R[] = [];
  for (let at = 0; at < items.length; at += atATime) {
    done.push(...(await Promise.all(items.slice(at, at + atATime).map(work))));
    await setImmediate();
  }
  return done;
}

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
  for (const suffix of [".yml", ".yaml"]) if (await folder.has(id + suffix)) sidecars.push({ id, file: id + suffix });
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
  readonly #wrappers = new Map<string, ReadWrapper>();
  #sidecarOf: ReadonlyMap<string, string> = new Map();

  constructor(dir: string, catalog: Catalog, known: ReadonlyMap<string, Remembered>) {
    this.#folder = new WorkflowFolder(dir);
    this.#catalog = catalog;
    this.#known = known;
    this.#loader = new ModuleLoader(dir, hostModules());
  }

  async run({ files, sidecars, broken: unread }: FoundFiles): Promise<Read> {
    this.#sidecarOf = new Map(sidecars.map(({ id, file }) => [id, file]));
    const modules = new Map(await inTurns(files.filter(({ kind }) => kind === "module"), async (file) => [file.file, await this.#module(file)] as const));
    const wrappers = new Map(await inTurns(files.filter(({ kind }) => kind === "wrapper"), async ({ id, file }) => [file, await this.#wrapper(id, file)] as const));
    // What a module imports is its data, and what a wrapper names is its export: neither is a workflow of its own.
    const owned = new Set([
      ...[...modules.keys()].flatMap((file) => this.remembered.get(file)?.uses ?? []),
      ...[...wrappers.values()].flatMap((wrapper) => ("exportFile" in wrapper ? [wrapper.exportFile] : [])),
    ]);
    const { files: settled, broken } = settleIds(files.filter(({ file, kind }) => kind !== "export" || !owned.has(file)), unread);

    const found = await inTurns(settled, async (file) => modules.get(file.file) ?? this.#source(file, wrappers.get(file.file)));
    const ids = new Set(files.map(({ id }) => id));
    const stray = sidecars.filter(({ id }) => !ids.has(id)).map(({ id, file }) => brokenBy(id, { file, place: null, message: "There is no workflow of this name that it could describe" }));
    return { found, broken, notes: stray };
  }

  #module({ id, file, kind }: FoundFile): Promise<Found> {
    return this.#remember({ id, file, kind }, async () => {
      const loaded = await this.#loader.load(file);
      const found: Found = "exports" in loaded ? fromModule(id, file, loaded.exports) : { id, workflow: null, broken: [{ id, file, ...loaded.failure }], notes: [] };
      return { found, uses: this.#loader.filesOf(file) };
    });
  }

  async #wrapper(id: string, file: string): Promise<Wrapper | readonly SourceProblem[]> {
    const key = await this.#keyOf([file]);
    const known = this.#known.get(file)?.wrapper;
    const wrapper = known?.key === key ? known : { key, read: await this.#readWrapper(id, file) };
    this.#wrappers.set(file, wrapper);
    return wrapper.read;
  }

  async #readWrapper(id: string, file: string): Promise<ReadWrapper["read"]> {
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
      this.remembered.set(file, { ...known, wrapper: this.#wrappers.get(file) });
      return known.found;
    }
    const startedMs = Date.now();
    const before = await this.#keyOf([file]);
    const { found, uses } = await read();
    const others = [...uses.slice(1), ...beside];
    // What changes while it is read is then read again; so is a module that failed, for it may have been looking for a
    // file that is not there yet.
    const isSure = (found.workflow !== null || !moduleName.test(file)) && !(await this.#hasChangedSince(others, startedMs));
    const key = isSure ? [before, ...(others.length === 0 ? [] : [await this.#keyOf(others)])].join("\n") : "";
    const complete = await this.#withSidecar(found, sidecar);
    this.remembered.set(file, { uses, key, found: complete, wrapper: this.#wrappers.get(file) });
    return complete;
  }

  async #keyOf(files: readonly string[]): Promise<string> {
    return (await Promise.all(files.map(async (file) => `${file} ${(await this.#folder.stamp(file)).text}`))).join("\n");
  }

  async #hasChangedSince(files: readonly string[], sinceMs: number): Promise<boolean> {
    const stamps = await Promise.all(files.map((file) => this.#folder.stamp(file)));
    return stamps.some(({ changedMs }) => changedMs >= sinceMs);
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
}
