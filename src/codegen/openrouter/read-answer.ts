import { parseJson } from "../../json/exact.ts";

/** More text than any plan: what is longer is not looked through. */
const maxLength = 1_000_000;

/** Where the object that begins at `start` ends, or null when it does not. */
function endOfObject(text: string, start: number): number | null {
  let depth = 0;
  let inText = false;
  for (let at = start; at < text.length; at += 1) {
    const character = text[at];
    if (inText) {
      if (character === "\\") at += 1;
      else if (character === '"') inText = false;
    } else if (character === '"') inText = true;
    else if (character === "{") depth += 1;
    else if (character === "}") {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
  }
  return null;
}

/** Objects tried before it is given up: prose may have braces, but not many. */
const maxStarts = 20;

/**
 * The JSON object in a model's answer, also with prose or a code fence around it.
 *
 * @returns what is wrong with the text as a sentence for the model, or the value
 */
export function readAnswer(text: string): { readonly value: unknown } | { readonly problem: string } {
  const bounded = text.slice(0, maxLength);
  let start = bounded.indexOf("{");
  let reason = "";
  for (let tries = 0; start !== -1 && tries < maxStarts; tries += 1) {
    const end = endOfObject(bounded, start);
    if (end === null) return { problem: "The JSON object does not end: the answer was cut, or a brace or quote is missing." };
    try {
      return { value: parseJson(bounded.slice(start, end)) };
    } catch (error) {
      reason = reason === "" && error instanceof Error ? error.message : reason;
      start = bounded.indexOf("{", start + 1);
    }
  }
  return { problem: reason === "" ? "The answer holds no JSON object." : `The answer is not valid JSON: ${reason}` };
}
