/**
 * The keys of a map that loses its oldest ones, each once. A new iterator for each would walk over the holes of all that
 * went before it.
 */
export class OldestKeys<Key> {
  readonly #map: ReadonlyMap<Key, unknown>;
  #keys: Iterator<Key>;

  constructor(map: ReadonlyMap<Key, unknown>) {
    this.#map = map;
    this.#keys = map.keys();
  }

  /** @returns the oldest key that it has not returned yet; undefined when the map is empty */
  next(): Key | undefined {
    let step = this.#keys.next();
    if (step.done === true) {
      this.#keys = this.#map.keys();
      step = this.#keys.next();
    }
    return step.done === true ? undefined : step.value;
  }
}
