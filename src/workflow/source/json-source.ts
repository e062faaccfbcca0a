import { parsePythonJson, type JsonValue } from "../../json/exact.ts";
import { isJsonValue } from "../json-value.ts";
import { scanJson } from "./json-scan.ts";
import { placeAt, type SourceProblem, type TextPlace } from "./source-problem.ts";

/** A JSON file whose values know where they stand. */
export interface JsonSource {
  readonly value: JsonValue;
  /** Of a value below the root; of its nearest parent that there is. */
  placeOf(path: readonly string[]): TextPlace;
}

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

export function readJsonSource(file: string, text: string): JsonSource | SourceProblem {
  try {
    const value = parsePythonJson(text);
    if (isJsonValue(value)) return { value, placeOf: (path) => placeInJson(text, path) };
  } catch (error) {
    // RangeError: nested too deep for the parser.
    if (!(error instanceof SyntaxError || error instanceof RangeError)) throw error;
  }
  return jsonFault(file, text);
}
