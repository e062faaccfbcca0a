/** Longer names are cut at the front: the extension is what counts. */
const maxLength = 255;

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) return text;
    throw error;
  }
}

/** Last part of a path, without control characters. */
function bareName(text: string): string | undefined {
  const name = (text.split(/[/\\]/).at(-1) ?? "").replace(/\p{Cc}/gu, "").trim().slice(-maxLength);
  return name === "" || name === "." || name === ".." ? undefined : name;
}

/**
 * What a fetched file is called: by the server (RFC 6266), else by the URL's path.
 *
 * @param disposition the Content-Disposition header
 */
export function suggestedFilename(disposition: string | undefined, url: URL): string | undefined {
  const header = disposition ?? "";
  const extended = /(?:^|;)\s*filename\*\s*=\s*UTF-8'[^']*'([^;]+)/i.exec(header)?.[1];
  const quoted = /(?:^|;)\s*filename\s*=\s*"((?:[^"\\]|\\.)*)"/i.exec(header)?.[1]?.replace(/\\(.)/g, "$1");
  const token = /(?:^|;)\s*filename\s*=\s*([^\s;"]+)/i.exec(header)?.[1];
  const named = extended === undefined ? (quoted ?? token) : decode(extended.trim());
  return bareName(named ?? "") ?? bareName(decode(url.pathname));
}
