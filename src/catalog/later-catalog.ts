import type { Catalog } from "../graph/catalog.ts";

/**
 * A catalog that is read when somebody looks into it. Reading a large one takes longer than all else of a start, and most
 * starts serve workflows that need none until ComfyUI has told its own.
 */
export class LaterCatalog implements Catalog {
  #read: (() => Catalog) | null;
  #catalog: Catalog | null = null;

  /** @param read called once at most; it must not fail */
  constructor(read: () => Catalog) {
    this.#read = read;
  }

  get classes(): Catalog["classes"] {
    this.#catalog ??= this.#read?.() ?? { classes: new Map() };
    // What it was read from is not held any longer.
    this.#read = null;
    return this.#catalog.classes;
  }
}
