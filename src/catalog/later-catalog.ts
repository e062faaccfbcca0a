import type { Catalog } from "../graph/catalog.ts";

/**
 * A catalog that is read when somebody looks into it. Reading a large one takes longer than all else of a start, and most
 * starts serve workflows that need none until ComfyUI has told its own.
 */
export class LaterCatalog implements Catalog {
  /** Once it is read, what it was read from is not held any longer. */
  #catalog: Catalog | (() => Catalog);

  /** @param read called once at most; it must not fail */
  constructor(read: () => Catalog) {
    this.#catalog = read;
  }

  get classes(): Catalog["classes"] {
    if (typeof this.#catalog === "function") this.#catalog = this.#catalog();
    return this.#catalog.classes;
  }
}
