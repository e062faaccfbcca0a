import { z } from "zod";

/** Numbers from a seed (mulberry32): the same requests for the same seed. */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** From 0 to below 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  }

  pick<T>(items: readonly [T, ...T[]]): T {
    return items[Math.floor(this.next() * items.length)] ?? items[0];
  }

  oneIn(n: number): boolean {
    return this.next() * n < 1;
  }
}

const schemaObject = z.record(z.string(), z.unknown());

const strange: readonly [unknown, ...unknown[]] = [
  null, true, -1, 0.5, 1e308, "", "x", "../../etc/passwd", "\u0000", "\ud800", "a".repeat(2_000), [], {}, [[]], { __proto__x: 1 }, "file:0", "job:x#0", "data:,x", "http://127.0.0.1:1/x",
];

/** What an input for an image takes. */
const onePixel = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

const range = z.looseObject({ minimum: z.number().catch(-5), maximum: z.number().catch(200) });

/** Values that a JSON Schema takes, and some that it does not. */
export class ValueMaker {
  readonly #dice: Dice;
  readonly #root: unknown;
  /** One value in so many is strange; 0 for none. */
  #strangeness = 0;

  constructor(dice: Dice, root: unknown) {
    this.#dice = dice;
    this.#root = root;
  }

  /** Half of the time all of it is as the schema wants it, as far as that is told. */
  make(schema: unknown): unknown {
    this.#strangeness = this.#dice.oneIn(2) ? 0 : 12;
    return this.#make(schema, 0);
  }

  #make(schema: unknown, depth: number): unknown {
    if (depth > 6 || (this.#strangeness > 0 && this.#dice.oneIn(this.#strangeness))) return this.#dice.pick(strange);
    const parsed = schemaObject.safeParse(schema);
    if (!parsed.success) return this.#dice.pick(strange);
    const node = parsed.data;
    if (typeof node["$ref"] === "string") return this.#make(this.#at(node["$ref"]), depth + 1);
    for (const key of ["enum", "anyOf", "oneOf", "allOf"] as const) {
      const [first, ...rest] = z.array(z.unknown()).catch([]).parse(node[key]);
      if (first !== undefined) return key === "enum" ? this.#dice.pick([first, ...rest]) : this.#make(this.#dice.pick([first, ...rest]), depth + 1);
    }
    return this.#typed(node, depth);
  }

  #typed(node: Readonly<Record<string, unknown>>, depth: number): unknown {
    const [type, ...others] = z.array(z.string()).catch([]).parse(node["type"]);
    switch (type === undefined ? node["type"] : this.#dice.pick([type, ...others])) {
      case "object":
        return this.#object(node, depth);
      case "array":
        return Array.from({ length: Math.floor(this.#dice.next() * 3) }, () => this.#make(node["items"], depth + 1));
      case "integer":
        return Math.floor(this.#between(node));
      case "number":
        return this.#between(node);
      case "boolean":
        return this.#dice.oneIn(2);
      case "null":
        return null;
      default:
        if (node["format"] === "uri") return "http://127.0.0.1:9/hook";
        if (node["x-file"] === "image") return onePixel;
        return this.#dice.pick(["a red cube", "completed", "png", "x", "ü😀", "1"]);
    }
  }

  #between(node: Readonly<Record<string, unknown>>): number {
    const { minimum, maximum } = range.parse({ minimum: node["minimum"], maximum: node["maximum"] });
    const bound = this.#strangeness > 0 ? 5 : 0;
    return minimum - bound + this.#dice.next() * (maximum - minimum + 2 * bound);
  }

  #object(node: Readonly<Record<string, unknown>>, depth: number): Record<string, unknown> {
    const properties = Object.entries(schemaObject.catch({}).parse(node["properties"]));
    const required = this.#strangeness > 0 ? [] : z.array(z.string()).catch([]).parse(node["required"]);
    const given = properties.filter(([name]) => required.includes(name) || !this.#dice.oneIn(4)).map(([name, schema]): [string, unknown] => [name, this.#make(schema, depth + 1)]);
    const extra = (this.#strangeness > 0 && this.#dice.oneIn(8)) || (properties.length === 0 && node["additionalProperties"] !== undefined);
    return Object.fromEntries([...given, ...(extra ? [[this.#dice.pick(["1", "extra", "constructor", "__proto__"]), this.#make(node["additionalProperties"], depth + 1)] as const] : [])]);
  }

  #at(pointer: string): unknown {
    return pointer
      .slice(2)
      .split("/")
      .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"))
      .reduce<unknown>((value, step) => schemaObject.catch({}).parse(value)[step], this.#root);
  }
}
