/** Read of a message before it is cleaned: enough for any first paragraph, little enough to search quickly. */
const maxRawLength = 4_000;
/** Kept of it: what fits a log line and a dialog. */
const maxLength = 500;

/** `file://…`, or an absolute path in quotes: quotes tell where a path with spaces ends. */
const quotedPath = /file:\/\/[^\s'"]*|(["'`])(?:\/|[A-Za-z]:[\\/]|\\\\)[^"'`\n]*\1/g;
/** A space belongs to the path when the word after it holds a separator too (`/home/Jane Roe/x`). */
const windowsPath = /(?<![\w])[A-Za-z]:[\\/](?:[^\s'"<>|]| (?=[^\s'"]*\\))*|\\\\[\w.$-]+\\(?:[^\s'"<>|]| (?=[^\s'"]*\\))*/g;
/** Not after a letter, dot, `~`, `/`: those are `and/or`, `./x`, `https://…`. */
const posixPath = /(?<![\w.~/-])\/[\w.@~+-](?:[^\s'"<>|:;,)\]}]| (?=[^\s'"/:]+\/))*|(?<![\w.~/:-])\/\/+[^\s'"]+/g;

/** The name of a file helps a caller; the folders above it are the host's business. */
function nameOf(path: string): string {
  const name = /[^\\/]+\.[A-Za-z0-9]{1,12}$/.exec(path)?.[0];
  return name ?? "<path>";
}

/** Replaces absolute paths of the host (POSIX and Windows) by the file's name, or by `<path>`. */
export function withoutHostPaths(text: string): string {
  return text
    .replace(quotedPath, (match, quote: string | undefined) =>
      quote === undefined ? nameOf(match) : `${quote}${nameOf(match.slice(1, -1))}${quote}`,
    )
    .replace(windowsPath, nameOf)
    .replace(posixPath, nameOf);
}

/** One line of bounded length without control characters. */
function oneLine(text: string): string {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length <= maxLength ? line : `${line.slice(0, maxLength - 1)}…`;
}

/** Text of ComfyUI that is one sentence or two, without paths of the host. */
export function plainText(text: string): string {
  return oneLine(withoutHostPaths(text.slice(0, maxRawLength)));
}

/**
 * The part of an `exception_message` that is for a caller: its first paragraph, without the tips ComfyUI adds to
 * it, without a traceback that a node put into it, and without lines whose only news is a path of the host.
 */
export function plainException(message: string): string {
  const text = message.slice(0, maxRawLength).replace(/\u001b\[[0-9;]*m/g, "");
  const paragraph = (text.trim().split(/\n\s*\n|^\s*TIPS:|^\s*Traceback \(most recent call last\)/m)[0] ?? "").trim();
  const lines = paragraph.split("\n").filter((line, index) => index === 0 || withoutHostPaths(line) === line);
  const first = oneLine(withoutHostPaths(lines.join("\n"))).replace(/^\*+\s*(?:ERROR:\s*)?/, "");
  return first === "" ? "The node gave no reason." : first;
}
