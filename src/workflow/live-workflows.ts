import type { Catalog } from "../graph/catalog.ts";
import type { DiscoveredWorkflows, DiscoverOptions } from "./discover.ts";
import { WorkflowDiscovery } from "./discovery.ts";
import { WorkflowRegistry } from "./registry.ts";
import { FolderWatcher, type WatcherClock } from "./watcher.ts";

/** What a reading changed, by id; for people. */
export interface WorkflowChanges {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** Read anew from a file, or made with another catalog. */
  readonly replaced: readonly string[];
  readonly found: DiscoveredWorkflows;
}

export interface LiveWorkflowsParams extends Pick<DiscoverOptions, "builtins" | "dir"> {
  readonly catalog: Catalog;
  readonly clock: WatcherClock;
  /** Told after each reading that changed something, once its workflows are served. */
  readonly changed: (changes: WorkflowChanges) => void;
  /** Told of a reading that failed as a whole: what was served before stays. */
  readonly failed: (error: unknown) => void;
}

/**
 * The workflows that are served, always those of the folder and the catalog of now. One reading at a time; its result
 * replaces the one before in one step, so that no request meets half of it. Jobs that run have their graph already.
 */
export class LiveWorkflows {
  readonly registry = new WorkflowRegistry();
  readonly #params: LiveWorkflowsParams;
  readonly #discovery: WorkflowDiscovery;
  readonly #watcher: FolderWatcher | null;
  #catalog: Catalog;
  #found: DiscoveredWorkflows = { workflows: [], broken: [], shadowed: [], notes: [] };
  #shown = "";
  #reading: Promise<void> = Promise.resolve();
  /** A reading that has not begun sees every change until it does. */
  #waiting: Promise<void> | null = null;

  constructor(params: LiveWorkflowsParams) {
    const { builtins, dir, clock, failed } = params;
    this.#params = params;
    this.#catalog = params.catalog;
    this.#discovery = new WorkflowDiscovery({ builtins, ...(dir === undefined ? {} : { dir }) });
    this.#watcher = dir === undefined ? null : new FolderWatcher({ dir, clock, changed: () => this.reload(), failed });
  }

  /** What was found last. */
  get found(): DiscoveredWorkflows {
    return this.#found;
  }

  /** Reads the workflows and begins to watch the folder. @throws when the first reading fails as a whole */
  async start(): Promise<void> {
    // Before the reading: what changes while it reads is then noticed.
    await this.#watcher?.start();
    await this.reload();
    this.#watcher?.forget();
  }

  async stop(): Promise<void> {
    await this.#watcher?.stop();
    await this.#reading;
  }

  /** Makes exports and wrappers anew with another catalog. */
  useCatalog(catalog: Catalog): void {
    if (catalog === this.#catalog) return;
    this.#catalog = catalog;
    this.reload().catch(this.#params.failed);
    this.#watcher?.forget();
  }

  /** Reads everything that has changed, and serves it. */
  reload(): Promise<void> {
    this.#waiting ??= this.#afterReading();
    return this.#waiting;
  }

  #afterReading(): Promise<void> {
    const reading = this.#reading.then(() => {
      this.#waiting = null;
      return this.#read();
    });
    // Whoever asked hears of a failure; the next reading does not depend on it.
    this.#reading = reading.catch(() => undefined);
    return reading;
  }

  async #read(): Promise<void> {
    const found = await this.#discovery.discover(this.#catalog);
    const before = new Map(this.#found.workflows.map((workflow) => [workflow.id, workflow]));
    const now = new Map(found.workflows.map((workflow) => [workflow.id, workflow]));
    const shown = JSON.stringify([found.broken, found.notes, found.shadowed]);
    const added = [...now.keys()].filter((id) => !before.has(id));
    const removed = [...before.keys()].filter((id) => !now.has(id));
    const replaced = [...now].filter(([id, workflow]) => before.has(id) && before.get(id) !== workflow).map(([id]) => id);
    this.#found = found;
    if (added.length + removed.length + replaced.length === 0 && shown === this.#shown) return;
    this.#shown = shown;
    this.registry.replace(found);
    this.#params.changed({ added, removed, replaced, found });
  }
}
