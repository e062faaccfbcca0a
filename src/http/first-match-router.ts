import type { Result, Router } from "hono/router";
import { TrieRouter } from "hono/router/trie-router";

/**
 * Takes a request to the first handler that was registered for it, and to no other: none of ours hands on to a next one,
 * and the framework answers from a single handler without a chain of promises. Paths without a parameter are looked for once.
 */
export class FirstMatchRouter<T> implements Router<T> {
  readonly name = "FirstMatchRouter";
  readonly #routes = new TrieRouter<T>();
  /** By path and method: as many as there are routes, times the methods that Node reads. */
  readonly #found = new Map<string, Map<string, Result<T>>>();

  add(method: string, path: string, handler: T): void {
    this.#routes.add(method, path, handler);
    if (!/[:*]/.test(path)) this.#found.set(path, new Map());
  }

  match(method: string, path: string): Result<T> {
    const known = this.#found.get(path);
    const found = known?.get(method) ?? this.#first(method, path);
    known?.set(method, found);
    return found;
  }

  #first(method: string, path: string): Result<T> {
    const found = this.#routes.match(method, path);
    return found.length === 2 ? [found[0].slice(0, 1), found[1]] : [found[0].slice(0, 1)];
  }
}
