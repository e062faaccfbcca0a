/** Longer names are cut: some systems take no more than 255 bytes. */
const maxNameLength = 180;

/** What a browser may show by itself: it runs nothing in these. SVG and HTML are not among them. */
const inlineTypes = /^(image\/(png|jpeg|webp|gif|avif|bmp|apng|tiff)|video\/[a-z0-9.+-]+|audio\/[a-z0-9.+-]+|text\/plain|application\/json)$/;

export function mayShowInline(contentType: string): boolean {
  return inlineTypes.test((contentType.split(";")[0] ?? "").trim().toLowerCase());
}

/** Without folders, control characters and marks that turn the direction of text. */
function harmlessName(filename: string): string {
  const base = filename.split(/[\\/]/).at(-1) ?? "";
  const cleaned = Array.from(base.toWellFormed().replace(/\p{C}/gu, "")).slice(0, maxNameLength).join("");
  return /^\.*$/.test(cleaned) ? "file" : cleaned;
}

function percentEncoded(text: string): string {
  return encodeURIComponent(text).replace(/['()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** Nothing of it needs to be looked at: so nearly all outputs are named. */
const plainName = /^[A-Za-z0-9_-][A-Za-z0-9_. ()-]{0,99}$/;

/** A `Content-Disposition` header (RFC 6266): an ASCII name for old clients, the exact one beside it where they differ. */
export function contentDisposition(kind: "inline" | "attachment", filename: string): string {
  if (plainName.test(filename)) return `${kind}; filename="${filename}"`;
  const name = harmlessName(filename);
  const ascii = name.replace(/[^\x20-\x7e]|["\\%]/g, "_");
  const exact = ascii === name ? "" : `; filename*=UTF-8''${percentEncoded(name)}`;
  return `${kind}; filename="${ascii}"${exact}`;
}
