const known: ReadonlySet<string> = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);

/** The method of a request, or `other`: a caller may invent any. */
export function methodLabel(method: string): string {
  return known.has(method) ? method : "other";
}
