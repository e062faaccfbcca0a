import { AppError } from "../../errors/app-error.ts";
import { parsePythonJson } from "../../json/exact.ts";

/** The deepest export known nests 15; recursion over 200 is safe on every stack. */
const maxDepth = 200;

/** Whether brackets nest deeper than `maxDepth`, found before a parser can run out of stack on them. */
function tooDeep(text: string): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    switch (text.charCodeAt(at)) {
      case 0x22: {
        // A string: to the next quote that no odd number of backslashes precedes.
        for (at += 1; at < text.length && text.charCodeAt(at) !== 0x22; at += 1) if (text.charCodeAt(at) === 0x5c) at += 1;
        break;
      }
      case 0x5b:
      case 0x7b:
        depth += 1;
        if (depth > maxDepth) return true;
        break;
      case 0x5d:
      case 0x7d:
        depth -= 1;
        break;
      default:
    }
  }
  return false;
}

/** The text of a file that is said to be JSON: UTF-8, or UTF-16 with a byte order mark, as some Windows programs save. */
export function decodeText(bytes: Uint8Array): string | undefined {
  const encoding = bytes[0] === 0xff && bytes[1] === 0xfe ? "utf-16le" : bytes[0] === 0xfe && bytes[1] === 0xff ? "utf-16be" : "utf-8";
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

/**
 * JSON as Python writes it (`NaN` becomes `null`), big integers exact.
 *
 * @param where what is being read, as the subject of an error: `The file`, `The metadata “prompt”`
 * @throws {AppError} `invalid_export`
 */
export function parseExportJson(text: string, where: string): unknown {
  if (tooDeep(text)) throw new AppError("invalid_export", `${where} nests deeper than ${maxDepth} levels. No ComfyUI export does.`);
  try {
    return parsePythonJson(text);
  } catch (error) {
    // A RangeError: one string in it is longer than the parser's stack can take.
    if (error instanceof SyntaxError || error instanceof RangeError) {
      throw new AppError("invalid_export", `${where} is not valid JSON. Save it again from ComfyUI.`, { cause: error });
    }
    throw error;
  }
}
