import { expect, it } from "vitest";
import { lateClass } from "./late-class.ts";

class Shelf {
  readonly #books: readonly string[];

  constructor(...books: readonly string[]) {
    this.#books = books;
  }

  static readonly kinds = ["wood", "steel"];

  /** Whether it was made by this class, not what it inherits from. */
  static isReal(this: void, shelf: object): boolean {
    return #books in shelf;
  }

  get [Symbol.toStringTag](): string {
    return "Shelf";
  }

  get count(): number {
    return this.#books.length;
  }
}

function lateShelf() {
  let loads = 0;
  const load = (): typeof Shelf => {
    loads += 1;
    return Shelf;
  };
  return { Late: lateClass({ name: "Shelf", load, statics: ["kinds"] }), loads: () => loads };
}

it("is not loaded by what extends it, inherits from it, names it, or is told from its objects", () => {
  const { Late, loads } = lateShelf();
  class Own extends Late {}
  const light: object = Object.create(Late.prototype);
  expect([light, Object.create(Own.prototype)].map((each) => each instanceof Late)).toEqual([true, true]);
  const others = [undefined, null, 1, "Shelf", {}, Object.create(null), () => Shelf, new Date(0), new Map()];
  expect(others.map((each) => each instanceof Late)).toEqual(others.map(() => false));
  expect([Late.name, Object.prototype.toString.call(light), light instanceof Own]).toEqual(["Shelf", "[object Shelf]", false]);
  expect(loads()).toBe(0);
});

it("makes objects of the class itself, and has it loaded once", () => {
  const { Late, loads } = lateShelf();
  const made = [new Late("a"), new Late("a", "b")];
  expect(made.map(Shelf.isReal)).toEqual([true, true]);
  expect(made).toEqual([new Shelf("a"), new Shelf("a", "b")]);
  expect(made.every((each) => each instanceof Late)).toBe(true);
  expect(loads()).toBe(1);
});

it("lets a class extend it as the class itself", () => {
  const { Late } = lateShelf();
  class Own extends Late {
    readonly isOwn = true;
  }
  const made = new Own("a", "b", "c");
  expect([made instanceof Own, made instanceof Late, made instanceof Shelf, Shelf.isReal(made)]).toEqual([true, true, true, true]);
  expect([made.isOwn, Reflect.get(made, "count")]).toEqual([true, 3]);
  expect([new Shelf() instanceof Own, new Late() instanceof Own]).toEqual([false, false]);
});

it("has what inherited from it inherit from the class once that is loaded", () => {
  const { Late } = lateShelf();
  const light: object = Object.create(Late.prototype);
  expect([light instanceof Shelf, "count" in light]).toEqual([false, false]);
  expect(new Late() instanceof Shelf).toBe(true);
  expect([light instanceof Shelf, "count" in light, light instanceof Late]).toEqual([true, true, true]);
});

it("knows objects that were made without it, and no stranger of the same name", () => {
  const stranger = { [Symbol.toStringTag]: "Shelf" };
  expect([new Shelf() instanceof lateShelf().Late, stranger instanceof lateShelf().Late]).toEqual([true, false]);
  const { Late } = lateShelf();
  expect([stranger instanceof Late, new Shelf() instanceof Late, stranger instanceof Late]).toEqual([false, true, false]);
});

it("offers what the class offers, and has it loaded for that", () => {
  const { Late, loads } = lateShelf();
  expect([Reflect.has(Late, "kinds"), loads()]).toEqual([true, 0]);
  expect([Reflect.get(Late, "kinds"), loads()]).toEqual([Shelf.kinds, 1]);
  expect(Object.hasOwn(Late, "kinds")).toBe(false);
});
