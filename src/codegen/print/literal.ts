import type { JsonValue } from "../../json/exact.ts";

/** A piece of code that stands where a value would: `input.steps`, `models.vae`. */
export class Code {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** What is printed: JSON in which some values are code. */
export type Printable = string | number | bigint | boolean | null | Code | readonly Printable[] | { readonly [key: string]: Printable | undefined };

export const lineWidth = 140;

const identifier = /^[A-Za-z_$][A-Za-z0-9_$]*$/;

/** Hidden or reordering characters (category Cf) would let a line read otherwise than it runs; a joiner inside emoji is fine. */
const unseen = /(?!\u200D)[\p{Cf}\u2028\u2029\u0085\u007F-\u009F]/gu;

function escaped(text: string): string {
  return text.replace(unseen, (found) => [...Array(found.length).keys()].map((at) => `\\u${found.charCodeAt(at).toString(16).padStart(4, "0")}`).join(""));
}

/** A string literal on one line, without a character that cannot be seen. */
export function textLiteral(text: string): string {
  return escaped(JSON.stringify(text));
}

export function keyLiteral(key: string): string {
  // Written plainly, this one key would set the object's prototype.
  if (key === "__proto__") return '["__proto__"]';
  return identifier.test(key) ? key : textLiteral(key);
}

function isList(value: Printable): value is readonly Printable[] {
  return Array.isArray(value);
}

/** On one line, however long it gets. */
export function inline(value: Printable): string {
  if (value === null) return "null";
  if (value instanceof Code) return value.text;
  if (isList(value)) return `[${value.map(inline).join(", ")}]`;
  switch (typeof value) {
    case "string":
      return textLiteral(value);
    case "bigint":
      return `${value}n`;
    case "number":
      return Object.is(value, -0) ? "-0" : String(value);
    case "boolean":
      return String(value);
    default: {
      const entries = Object.entries(value).flatMap(([key, member]) => (member === undefined ? [] : [`${keyLiteral(key)}: ${inline(member)}`]));
      return entries.length === 0 ? "{}" : `{ ${entries.join(", ")} }`;
    }
  }
}

/** The pieces that a long text is broken into: after line ends first, then between words. */
function pieces(text: string, width: number): readonly string[] {
  return text.split(/(?<=\n)/).flatMap((line) => {
    const found: string[] = [];
    let piece = "";
    for (const word of line.split(/(?<= )/)) {
      if (piece !== "" && textLiteral(piece + word).length > width) {
        found.push(piece);
        piece = "";
      }
      piece += word;
    }
    return [...found, piece];
  });
}

/**
 * A value as TypeScript, on one line where it fits, else broken as the hand-written modules break theirs.
 *
 * @param indent of the line the value begins on, in spaces
 * @param before characters on that line before the value, and behind it
 */
export function block(value: Printable, indent: number, before: number): string {
  const flat = inline(value);
  if (indent + before + flat.length <= lineWidth || value === null || value instanceof Code) return flat;
  const inner = " ".repeat(indent + 2);
  const outer = " ".repeat(indent);
  if (isList(value)) {
    const isFlat = value.every((item) => item === null || typeof item !== "object" || item instanceof Code);
    const lines = isFlat ? filled(value.map(inline), indent + 2) : value.map((item) => `${inner}${block(item, indent + 2, 1)},`);
    return `[\n${lines.join("\n")}\n${outer}]`;
  }
  if (typeof value === "string") {
    const parts = pieces(value, lineWidth - indent - 6).map(textLiteral);
    return parts.length === 1 ? flat : `\n${parts.map((part) => `${inner}${part}`).join(" +\n")}`;
  }
  if (typeof value !== "object") return flat;
  const lines = Object.entries(value).flatMap(([key, member]) => (member === undefined ? [] : [entry(key, member, indent + 2)]));
  return `{\n${lines.join("\n")}\n${outer}}`;
}

/** `key: value,` as a line, or some. */
export function entry(key: string, value: Printable, indent: number): string {
  const name = keyLiteral(key);
  const printed = block(value, indent, name.length + 3);
  // A broken text begins on a line of its own.
  return `${" ".repeat(indent)}${name}:${printed.startsWith("\n") ? "" : " "}${printed},`;
}

function filled(items: readonly string[], indent: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const item of items) {
    if (line !== "" && indent + line.length + item.length + 2 > lineWidth) {
      lines.push(line);
      line = "";
    }
    line += `${line === "" ? "" : " "}${item},`;
  }
  return [...lines, line].map((text) => `${" ".repeat(indent)}${text}`);
}

/** Every JSON value can be printed; this only says so to the compiler, leaving out what is `undefined`. */
export function printable(value: JsonValue | undefined): Printable {
  if (value === undefined || value === null) return null;
  if (typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map((item: JsonValue) => printable(item));
  return Object.fromEntries(Object.entries(value).flatMap(([key, member]) => (member === undefined ? [] : [[key, printable(member)]])));
}
