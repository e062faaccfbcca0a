import type { JsonValue } from "../../json/exact.ts";

/** What the front end's rewriting of text depends on besides the text. */
export interface TextRewriting {
  /** In the time zone the dates are to be in. */
  readonly now: Date;
  /** 0 ≤ x < 1: which of `{a|b}` is taken. */
  readonly random: () => number;
}

/** The value of the widget `widget` of the node that is called `node`, by its class or its title. */
export type WidgetLookup = (node: string, widget: string) => JsonValue | undefined;

function formatDate(format: string, date: Date): string {
  const parts: Readonly<Record<string, number>> = {
    d: date.getDate(),
    M: date.getMonth() + 1,
    h: date.getHours(),
    m: date.getMinutes(),
    s: date.getSeconds(),
  };
  const year = String(date.getFullYear());
  return format.replace(/dd?|MM?|hh?|mm?|ss?|yyyy|yyy|yy/g, (token) => {
    if (token === "yy") return year.slice(2);
    if (token === "yyyy") return year;
    const part = parts[token.charAt(0)];
    return part === undefined ? token : String(part).padStart(token.length, "0");
  });
}

/** `%date:yyyy-MM-dd%` and `%Node.widget%` in the name of an output file (comfyui-protocol.md §4.6, step 5). */
export function fillFilename(text: string, now: Date, lookup: WidgetLookup): string {
  return text.replace(/%([^%]+)%/g, (whole, inner: string) => {
    if (inner.startsWith("date:")) return formatDate(inner.slice("date:".length), now);
    const [node, widget, more] = inner.split(".");
    if (node === undefined || widget === undefined || more !== undefined) return whole;
    const value = lookup(node, widget);
    if (value === undefined || typeof value === "object") return value === null ? "" : whole;
    return String(value).replaceAll(/[/?<>\\:*|"\u0000-\u001F\u007F]/g, "_");
  });
}

export function isFilenamePattern(text: string): boolean {
  return /%date:[^%]*%|%[^%.]+\.[^%.]+%/.test(text);
}

export function isDynamicPrompt(text: string): boolean {
  return /\/\*|\/\/|(?<!\\)\{[\s\S]*(?<!\\)\}/.test(text);
}

/** Takes one of `{a|b|{c|d}}`, from the innermost out; `\{` stays a brace. Comments are removed first. */
export function drawPrompt(text: string, random: () => number): string {
  let drawn = text.replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, "");
  for (;;) {
    const next = drawn.replace(/(?<!\\)\{((?:\\[{}|]|[^{}])*?)(?<!\\)\}/, (_, inner: string) => {
      const choices = inner.split(/(?<!\\)\|/);
      return choices[Math.floor(random() * choices.length)] ?? "";
    });
    if (next === drawn) return drawn.replace(/\\([{}|])/g, "$1");
    drawn = next;
  }
}
