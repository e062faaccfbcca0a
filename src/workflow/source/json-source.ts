import { scanJson } from "./json-scan.ts";
import { placeAt, type SourceProblem, type TextPlace } from "./source-problem.ts";

/** Where a value stands, or its nearest parent that there is. */
export function placeInJson(text: string, path: readonly string[]): TextPlace {
  for (let length = path.length; length > 0; length -= 1) {
    const scan = scanJson(text, path.slice(0, length));
    if ("found" in scan && scan.found !== null) return placeAt(text, scan.found);
  }
  return { line: 1, column: 1 };
}

/** What keeps a text from being JSON; for whoever has found already that it is none. */
export function jsonFault(file: string, text: string): SourceProblem {
  const scan = scanJson(text, []);
  if (!("fault" in scan)) return { file, place: null, message: "The file is not JSON" };
  const rest = text.slice(scan.fault, scan.fault + 20).split("\n")[0];
  const seen = scan.fault >= text.length ? "the file ends here" : `unexpected ${JSON.stringify(rest)}`;
  return { file, place: placeAt(text, scan.fault), message: `The file is not JSON: ${seen}` };
}
