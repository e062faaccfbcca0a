/** Where in a JSON text a value stands, or where the text stops being JSON. Only asked once something is wrong. */
export type Scan = { readonly found: number } | { readonly fault: number } | { readonly found: null };

/** Deeper than any graph; more would be a text that is made to exhaust the stack. */
const maxDepth = 500;

const space = /[ \t\n\r]*/y;
const plainText = /[^"\\\u0000-\u001f]*/y;
const escape = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
// Python writes NaN and Infinity.
const scalar = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|-?Infinity|NaN|true|false|null/y;

class Fault extends Error {
  readonly offset: number;

  constructor(offset: number) {
    super("the text is not JSON");
    this.offset = offset;
  }
}

class Scanner {
  readonly #source: string;
  readonly #path: readonly string[];
  #at = 0;
  found: number | null = null;

  constructor(source: string, path: readonly string[]) {
    this.#source = source;
    this.#path = path;
  }

  scan(): void {
    this.#value(0, true);
    this.#skip(space);
    if (this.#at < this.#source.length) throw new Fault(this.#at);
  }

  /** @param onPath whether everything above this value is on the path */
  #value(depth: number, onPath: boolean): void {
    this.#skip(space);
    if (depth > maxDepth) throw new Fault(this.#at);
    if (onPath && depth === this.#path.length && this.found === null) this.found = this.#at;
    const next = this.#source[this.#at];
    if (next === "{") this.#members(depth, onPath);
    else if (next === "[") this.#items(depth, onPath);
    else if (next === '"') this.#text();
    else this.#expect(scalar);
  }

  #members(depth: number, onPath: boolean): void {
    this.#at += 1;
    this.#skip(space);
    while (this.#source[this.#at] !== "}") {
      const key = this.#text();
      this.#skip(space);
      this.#character(":");
      this.#value(depth + 1, onPath && isKey(key, this.#path[depth]));
      if (!this.#more("}")) break;
    }
    this.#character("}");
  }

  #items(depth: number, onPath: boolean): void {
    this.#at += 1;
    this.#skip(space);
    for (let index = 0; this.#source[this.#at] !== "]"; index += 1) {
      this.#value(depth + 1, onPath && this.#path[depth] === String(index));
      if (!this.#more("]")) break;
    }
    this.#character("]");
  }

  /** After a comma there is more, and no closing bracket. */
  #more(close: string): boolean {
    this.#skip(space);
    if (this.#source[this.#at] !== ",") return false;
    this.#at += 1;
    this.#skip(space);
    if (this.#source[this.#at] === close) throw new Fault(this.#at);
    return true;
  }

  /** In pieces, for one pattern over a text of megabytes would exhaust its stack. */
  #text(): string {
    const start = this.#at;
    this.#character('"');
    this.#skip(plainText);
    while (this.#source[this.#at] === "\\") {
      this.#expect(escape);
      this.#skip(plainText);
    }
    this.#character('"');
    return this.#source.slice(start, this.#at);
  }

  #character(wanted: string): void {
    if (this.#source[this.#at] !== wanted) throw new Fault(this.#at);
    this.#at += 1;
  }

  #expect(pattern: RegExp): string {
    const matched = this.#skip(pattern);
    if (matched === "") throw new Fault(this.#at);
    return matched;
  }

  #skip(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const matched = pattern.exec(this.#source)?.[0] ?? "";
    this.#at += matched.length;
    return matched;
  }
}

function isKey(quoted: string, wanted: string | undefined): boolean {
  if (wanted === undefined) return false;
  return quoted.includes("\\") ? JSON.parse(quoted) === wanted : quoted.slice(1, -1) === wanted;
}

/** @param path keys and indexes from the root; where a key stands twice, its first place */
export function scanJson(source: string, path: readonly string[]): Scan {
  const scanner = new Scanner(source, path);
  try {
    scanner.scan();
    return { found: scanner.found };
  } catch (error) {
    if (error instanceof Fault) return { fault: error.offset };
    throw error;
  }
}
