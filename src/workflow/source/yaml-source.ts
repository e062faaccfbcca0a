import { isCollection, isMap, isScalar, LineCounter, parseDocument, type Document, type Node } from "yaml";
import type { z } from "zod";
import type { JsonValue } from "../../json/exact.ts";
import { isJsonValue } from "../json-value.ts";
import type { SourceProblem, TextPlace } from "./source-problem.ts";

/** A YAML file whose values know where they stand. Integers are as in {@link JsonValue}: exact. */
export interface YamlSource {
  readonly file: string;
  readonly value: JsonValue;
  /** Of the key, or the item, at a path; of its nearest parent that there is. */
  placeOf(path: readonly PropertyKey[]): TextPlace;
}

/** References to anchors, each of which may be as large as the file. */
const maxAliases = 100;

function narrow(value: unknown): unknown {
  if (typeof value === "bigint") {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value;
  }
  if (Array.isArray(value)) return value.map(narrow);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, narrow(member)]));
}

function childAt(node: unknown, key: PropertyKey): { readonly at: Node | null; readonly value: unknown } | null {
  if (isMap(node)) {
    const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(key));
    return pair === undefined ? null : { at: isScalar(pair.key) ? pair.key : null, value: pair.value };
  }
  if (!isCollection(node)) return null;
  const item: unknown = node.items[Number(key)];
  return item === undefined ? null : { at: isScalar(item) || isCollection(item) ? item : null, value: item };
}

function placeIn(document: Document, lines: LineCounter, path: readonly PropertyKey[]): TextPlace {
  let offset = 0;
  let node: unknown = document.contents;
  for (const key of path) {
    const child = childAt(node, key);
    if (child === null) break;
    offset = child.at?.range?.[0] ?? offset;
    node = child.value;
  }
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(line, 1), column: Math.max(col, 1) };
}

export function readYamlSource(file: string, text: string): YamlSource | SourceProblem {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, intAsBigInt: true, prettyErrors: false });
  const [fault] = document.errors;
  if (fault !== undefined) {
    const { line, col } = lines.linePos(fault.pos[0]);
    return { file, place: { line, column: col }, message: `The file is not YAML: ${fault.message}` };
  }
  try {
    const plain: unknown = document.toJS({ maxAliasCount: maxAliases });
    const value = narrow(plain);
    if (isJsonValue(value)) return { file, value, placeOf: (path) => placeIn(document, lines, path) };
    return { file, place: null, message: "The file holds a value that JSON cannot hold" };
  } catch (error) {
    if (!(error instanceof ReferenceError || error instanceof RangeError)) throw error;
    return { file, place: null, message: "The file refers to its anchors too often, or is nested too deep" };
  }
}

/** What a schema finds in a YAML file, each fault at its place. */
export function yamlProblems(source: YamlSource, error: z.ZodError): readonly SourceProblem[] {
  return error.issues.map((issue) => {
    const [key] = issue.code === "unrecognized_keys" ? issue.keys : [];
    const path = key === undefined ? issue.path : [...issue.path, key];
    const named = path.map(String).join(".");
    return { file: source.file, place: source.placeOf(path), message: `${named === "" ? "" : `${named}: `}${issue.message}` };
  });
}
