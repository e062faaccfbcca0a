import { AppError } from "../../errors/app-error.ts";
import { parseJson } from "../../json/exact.ts";

/** Graphs and inputs are a few levels deep; a parser that recurses must not be led deeper. */
const maxDepth = 64;

/** A large graph has some ten thousand; a value takes fifty times its two bytes once it is read. */
const maxValues = 250_000;

/** A double has 309 digits at most; reading a longer integer takes time that grows with its square. */
const maxDigits = 400;

const quote = 0x22;
const backslash = 0x5c;

function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let escapes = end - 1;
    while (text.charCodeAt(escapes) === backslash) escapes -= 1;
    if ((end - escapes) % 2 === 1) return end;
  }
  return text.length;
}

/** What would make the text dangerous to parse; null when nothing does. Whether it is JSON is not looked at. */
function danger(text: string): string | null {
  let depth = 0;
  let digits = 0;
  let values = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    digits = code >= 0x30 && code <= 0x39 ? digits + 1 : 0;
    if (digits > maxDigits) return `it holds a number of more than ${maxDigits} digits`;
    if (code === quote) at = endOfString(text, at);
    else if (code === 0x5b || code === 0x7b) depth += 1;
    else if (code === 0x5d || code === 0x7d) depth -= 1;
    if (code === 0x2c || code === 0x5b || code === 0x7b) values += 1;
    if (values > maxValues) return `it holds more than ${maxValues} values`;
    if (depth > maxDepth) return `it is nested more than ${maxDepth} levels deep`;
  }
  return null;
}

/** The value, or in words why there is none. */
export type JsonReading = { readonly value: unknown } | { readonly fault: string };

/** Reads JSON from outside: bounded in depth and in digits, integers exact. */
export function readJsonText(text: string): JsonReading {
  const fault = danger(text);
  if (fault !== null) return { fault };
  try {
    return { value: parseJson(text) };
  } catch (error) {
    if (error instanceof SyntaxError) return { fault: error.message };
    throw AppError.from(error);
  }
}
