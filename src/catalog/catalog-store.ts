import { createHash } from "node:crypto";
import { AppError } from "../errors/app-error.ts";
import type { Catalog } from "../graph/catalog.ts";
import { coreCatalog } from "../graph/core-catalog.ts";
import type { Logger } from "../telemetry/logger.ts";
import { CatalogFault } from "./catalog-fault.ts";
import { readCatalog, readCatalogText, writeCatalogText, type ReadCatalog } from "./catalog-file.ts";
import { LaterCatalog } from "./later-catalog.ts";

/** From where the catalog in use came, the best first. */
export type CatalogSource = "file" | "live" | "kept" | "core";

export interface CurrentCatalog {
  readonly catalog: Catalog;
  readonly source: CatalogSource;
  /** Changes with the content: a key for what is computed from it. */
  readonly digest: string;
}

export interface CatalogStoreParams {
  /** A file that was named by the operator: it is used whatever ComfyUI says. */
  readonly file: string | null;
  /** Where the last answer of ComfyUI is kept, `catalog.json.gz` in the data directory; null: it is not kept. */
  readonly keptAs: string | null;
  /** For the first start without ComfyUI. Default: the core nodes. */
  readonly core?: () => Catalog;
  readonly logger: Logger;
}

type Listener = (current: CurrentCatalog) => void;

function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}

/** The file's name in the data directory. */
export const keptCatalogName = "catalog.json.gz";

/** Holds the catalog that workflows are made with. One owner; listeners hear of each better one. */
export class CatalogStore {
  readonly #keptAs: string | null;
  readonly #logger: Logger;
  readonly #listeners = new Set<{ readonly call: Listener }>();
  #current: CurrentCatalog;

  private constructor(current: CurrentCatalog, { keptAs, logger }: CatalogStoreParams) {
    this.#current = current;
    this.#keptAs = keptAs;
    this.#logger = logger;
  }

  /**
   * Begins with the file that was named, else the answer that was kept, else the core nodes. A kept answer that is
   * damaged is passed over: ComfyUI will give a new one.
   *
   * @throws {CatalogFault} when the file that was named cannot be used
   */
  static async open(params: CatalogStoreParams): Promise<CatalogStore> {
    const { file, keptAs, core = coreCatalog, logger } = params;
    if (file !== null) return new CatalogStore(await namedFile(file, logger), params);
    const kept = keptAs === null ? null : await keptFile(keptAs, core, logger);
    return new CatalogStore(kept ?? { catalog: new LaterCatalog(core), source: "core", digest: "core" }, params);
  }

  get current(): CurrentCatalog {
    return this.#current;
  }

  /** @returns a function that ends the subscription */
  onChange(listener: Listener): () => void {
    const entry = { call: listener };
    this.#listeners.add(entry);
    return () => {
      this.#listeners.delete(entry);
    };
  }

  /** Whether ComfyUI's own answer would be used. */
  get wantsLive(): boolean {
    return this.#current.source !== "file";
  }

  /**
   * Takes what ComfyUI answered, keeps it, and tells whoever listens when it says something new.
   *
   * @throws {CatalogFault} when it is none: what was there stays
   */
  async offer(text: string): Promise<void> {
    if (!this.wantsLive) return;
    const digest = digestOf(text);
    if (digest === this.#current.digest) {
      this.#current = { ...this.#current, source: "live" };
      return;
    }
    const { catalog, notes } = readCatalog(text);
    tell(this.#logger, notes);
    this.#current = { catalog, source: "live", digest };
    this.#logger.info({ classes: catalog.classes.size }, "ComfyUI told its node classes");
    for (const { call } of [...this.#listeners]) {
      try {
        call(this.#current);
      } catch (error) {
        this.#logger.error({ err: AppError.from(error) }, "a listener of the catalog failed");
      }
    }
    await this.#keep(text);
  }

  async #keep(text: string): Promise<void> {
    if (this.#keptAs === null) return;
    try {
      await writeCatalogText(this.#keptAs, text);
    } catch (error) {
      // It serves this run all the same; only a start without ComfyUI misses it.
      this.#logger.error({ err: error }, "the catalog could not be kept in the data directory");
    }
  }
}

function tell(logger: Logger, notes: ReadCatalog["notes"]): void {
  for (const { className, input, message } of notes) logger.debug({ class_type: className, input }, `the catalog: ${message}`);
}

async function namedFile(path: string, logger: Logger): Promise<CurrentCatalog> {
  let text: string;
  try {
    text = await readCatalogText(path);
  } catch (cause) {
    if (cause instanceof CatalogFault) throw cause;
    throw new CatalogFault("The file of the catalog cannot be read: check the setting `catalog`.", { cause });
  }
  const { catalog, notes } = readCatalog(text);
  tell(logger, notes);
  return { catalog, source: "file", digest: digestOf(text) };
}

const unreadable = "the kept catalog cannot be read; ComfyUI will be asked for a new one";

async function keptFile(path: string, core: () => Catalog, logger: Logger): Promise<CurrentCatalog | null> {
  try {
    const text = await readCatalogText(path);
    return { catalog: new LaterCatalog(() => keptText(text, core, logger)), source: "kept", digest: digestOf(text) };
  } catch (error) {
    if (!isMissing(error)) logger.warn({ err: error }, unreadable);
    return null;
  }
}

/** It was one when it was kept, and came back whole. */
function keptText(text: string, core: () => Catalog, logger: Logger): Catalog {
  try {
    return readCatalog(text).catalog;
  } catch (error) {
    logger.warn({ err: error }, unreadable);
    return core();
  }
}
