/** The JSON pointer (RFC 6901) of a path into a JSON value, below `base`. */
export function jsonPointer(path: readonly PropertyKey[], base = ""): string {
  return base + path.map((part) => `/${String(part).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}
