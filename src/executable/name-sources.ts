import { readFileSync } from "node:fs";
import { SourcePositions } from "./source-positions.ts";

/** What is called to write a stack trace; see `Error.prepareStackTrace` of V8. */
type WriteStack = (error: Error, frames: NodeJS.CallSite[]) => string;

/**
 * Lets the stack traces of this program name its sources, by the map that the build laid beside it. The map is read
 * when the first stack trace is written: a program in which nothing goes wrong does not pay for it. Without a map, the
 * traces name the bundled file.
 */
export function nameSourcesInStacks(mapFile: string): void {
  const bundle = fileOfCaller();
  let positions: SourcePositions | null | undefined;
  const write: WriteStack = (error, frames) => {
    if (positions === undefined) {
      // Reading it may fail and have a stack trace itself.
      positions = null;
      positions = readPositions(mapFile);
    }
    return [headOf(error), ...frames.map((frame) => `    at ${writeFrame(frame, bundle, positions ?? null)}`)].join("\n");
  };
  Error.prepareStackTrace = write;
}

/** The file that this function has been bundled into. The caller must set how stacks are written afterwards. */
function fileOfCaller(): string | null {
  let file: string | null = null;
  Error.prepareStackTrace = (_error, frames) => {
    file = frames[0]?.getFileName() ?? null;
    return "";
  };
  void new Error("asked for its place").stack;
  return file;
}

function readPositions(mapFile: string): SourcePositions | null {
  try {
    return new SourcePositions(readFileSync(mapFile, "utf8"));
  } catch {
    // There is none, or it is no map. Whoever reads the trace sees that: it names no source.
    return null;
  }
}

function writeFrame(frame: NodeJS.CallSite, bundle: string | null, positions: SourcePositions | null): string {
  // V8 gives frames a text of their own, which their declaration leaves out.
  const printable: { toString(): string } = frame;
  const text = printable.toString();
  const [file, line, column] = [frame.getFileName(), frame.getLineNumber(), frame.getColumnNumber()];
  if (positions === null || file === null || file === undefined || file !== bundle || line === null || column === null) return text;
  const found = positions.find(line, column);
  return found === null ? text : text.replace(`${file}:${line}:${column}`, `${found.source}:${found.line}:${found.column}`);
}

/** `name: message`, as V8 writes it; an error can have getters that throw. */
function headOf(error: unknown): string {
  try {
    return String(error);
  } catch {
    return "<error>";
  }
}
