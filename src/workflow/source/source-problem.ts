import type { BrokenWorkflow } from "../workflow.ts";

/** A place in a text; both from 1. */
export interface TextPlace {
  readonly line: number;
  readonly column: number;
}

/** What is wrong with a file, in words for its author, and where. */
export interface SourceProblem {
  /** Below the workflows folder. */
  readonly file: string;
  readonly place: TextPlace | null;
  readonly message: string;
}

/** As it is shown at start, in the list of workflows and by `workflows check`. */
export function brokenBy(id: string, { file, place, message }: SourceProblem): BrokenWorkflow {
  const where = place === null ? file : `${file}:${place.line}:${place.column}`;
  return { id, file, line: place?.line ?? null, column: place?.column ?? null, message: `${where}: ${message}` };
}

/** @param offset in UTF-16 units, from 0 */
export function placeAt(text: string, offset: number): TextPlace {
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf("\n") + 1;
  return { line: before.split("\n").length, column: offset - lineStart + 1 };
}
