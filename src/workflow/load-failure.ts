import { relative } from "node:path";
import { ModuleSyntaxError, type SourcePlace } from "./module-syntax-error.ts";

/** Why a module did not load. Places are in the file that was to be loaded; the message names others by itself. */
export interface LoadFailure {
  readonly line: number | null;
  readonly column: number | null;
  readonly message: string;
}

interface Frame {
  readonly file: string;
  readonly line: number;
}

/** The frames of a stack that lie in the workflows folder, innermost first. */
function framesBelow(root: string, stack: string): readonly Frame[] {
  return stack.split("\n").flatMap((text) => {
    const start = text.indexOf(root);
    const [, file, line] = /^(.+?):(\d+)(?::\d+)?\)?$/.exec(start === -1 ? "" : text.slice(start)) ?? [];
    return file === undefined || !text.trimStart().startsWith("at ") ? [] : [{ file, line: Number(line) }];
  });
}

/** Longer lines are generated code, of no help to anyone. */
const maxShownLength = 300;

/** A fault's source line with a caret below it. */
function excerpt({ source, line, column }: SourcePlace): string {
  const text = line === null ? undefined : source.split("\n")[line - 1];
  if (text === undefined || text.length > maxShownLength) return "";
  const caret = column === null ? "" : `\n  ${text.slice(0, column - 1).replace(/[^\t]/g, " ")}^`;
  return `\n  ${text}${caret}`;
}

function where(root: string, file: string, line: number | null, column: number | null): string {
  return [relative(root, file), line, column].filter((part) => part !== null).join(":");
}

/**
 * Tells an author what kept a module from loading: the place, the cause and, for a syntax error, the line. Messages
 * are shown to callers, so paths are relative to the workflows folder.
 */
export function loadFailure(root: string, file: string, error: unknown): LoadFailure {
  const hidePaths = (text: string): string => text.replaceAll(`${root}/`, "").replaceAll(root, ".");
  if (error instanceof ModuleSyntaxError) {
    const { place } = error;
    const message = `${where(root, place.file, place.line, place.column)}: ${hidePaths(error.message)}${excerpt(place)}`;
    return place.file === file ? { line: place.line, column: place.column, message } : { line: null, column: null, message };
  }
  if (!(error instanceof Error)) return { line: null, column: null, message: `${relative(root, file)}: threw ${String(error)}` };
  const frames = framesBelow(root, error.stack ?? "");
  const innermost = frames[0] ?? null;
  // Types cut out by the compiler move columns, never lines.
  const line = frames.find((frame) => frame.file === file)?.line ?? null;
  const what = error.name === "Error" ? error.message : `${error.name}: ${error.message}`;
  return { line, column: null, message: `${where(root, innermost?.file ?? file, innermost?.line ?? null, null)}: ${hidePaths(what)}` };
}
