import { timingSafeEqual } from "node:crypto";
import type { ApiKey } from "./api-key.ts";
import { hashKey, maxKeyLength } from "./key-text.ts";

/** The keys there are. */
export class KeyRing {
  readonly #keys: readonly { readonly key: ApiKey; readonly hash: Buffer }[];

  constructor(keys: readonly ApiKey[]) {
    this.#keys = keys.map((key) => ({ key, hash: Buffer.from(key.hash) }));
  }

  /** Whether callers need a key. */
  get isClosed(): boolean {
    return this.#keys.length > 0;
  }

  keys(): readonly ApiKey[] {
    return this.#keys.map(({ key }) => key);
  }

  /**
   * The key that a caller presented. It is hashed, and the hash compared with every one there is in constant time: how
   * long it takes tells neither how much of a key was right nor which was.
   */
  find(presented: string): ApiKey | null {
    if (presented.length > maxKeyLength) return null;
    const hash = Buffer.from(hashKey(presented));
    let found: ApiKey | null = null;
    for (const { key, hash: known } of this.#keys) if (known.length === hash.length && timingSafeEqual(known, hash)) found = key;
    return found;
  }
}
