/** Strong: the same hash is the same bytes. */
export function entityTag(sha256: string): string {
  return `"${sha256}"`;
}

/** Whether an `If-None-Match` header covers the tag; weakness does not count there (RFC 9110 §13.1.2). */
export function coversTag(header: string | undefined, tag: string): boolean {
  const tags = (header ?? "").split(",").map((item) => item.trim());
  return tags.includes("*") || tags.some((item) => item.replace(/^W\//, "") === tag);
}
