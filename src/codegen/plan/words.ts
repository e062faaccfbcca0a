const maxNameLength = 40;
const name = /^[a-z][a-z0-9]*(?:_[a-z0-9]+)*$/;

/** Names that mean something to JavaScript on every object. */
const taken: ReadonlySet<string> = new Set(["constructor", "prototype"]);

/** Why `text` cannot be a field's name, or null. */
export function nameFault(text: string): string | null {
  if (text.length > maxNameLength) return `is longer than ${maxNameLength} characters`;
  if (!name.test(text)) return "is not snake_case (a to z, 0 to 9 and _, beginning with a letter)";
  return taken.has(text) ? "is a name that JavaScript uses itself" : null;
}

/** Words stand in schemas, pages and code that people trust: none may lead elsewhere or hide anything. */
const address = /\w:\/\/|\bwww\.|\b(?:javascript|data):\S|\b[\w.+-]+@[\w-]+\.\w|\]\(|\b[a-z0-9-]+\.(?:com|net|org|io|ai|dev|app|sh|xyz|ru|cn)\b/i;
const markup = /<\/?[a-z!][^>]*>/i;
const unseen = /[\p{Cc}\p{Cs}\p{Co}\u200B-\u200C\u200E-\u200F\u2028-\u202E\u2060-\u2069\uFEFF]/u;

/** Why `text` cannot be shown to callers, or null. */
export function textFault(text: string, maxLength: number): string | null {
  if (text.trim() === "") return "is empty";
  if (text.length > maxLength) return `is longer than ${maxLength} characters`;
  if (unseen.test(text)) return "has line breaks or characters that cannot be seen";
  if (address.test(text)) return "has an address in it; addresses do not belong here";
  return markup.test(text) ? "has markup in it; plain text only" : null;
}

/** How a file is sent; stands behind the description of every file field. */
const fileWords = "Send it as a multipart part, or as a string: an https: URL, a data: URI, plain base64, file:{id} of an uploaded file, or job:{id}#{n} for an output of an earlier job.";

/** A file's description with the ways to send it, unless it says them already. */
export function withFileWords(description: string): string {
  return description.includes("multipart") ? description : `${description} ${fileWords}`;
}

/** What a seed is, where nobody has said it better; `seed()` of comfyui-api/fields says the same by itself. */
export const seedWords = "Random seed. The same inputs with the same seed give the same result. Drawn when left out.";

/** One full stop at the end, as every description has. */
export function asSentence(text: string): string {
  const trimmed = text.trim();
  return /[.!?…。！？)]$/.test(trimmed) ? trimmed : `${trimmed}.`;
}

/**
 * Text of the graph's authors, such as a tooltip or a title, made fit to be shown: on one line, without what cannot be seen,
 * markup or addresses. May come out empty.
 */
export function plainWords(text: string, maxLength: number): string {
  const line = text
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, " ")
    .replace(/[\p{Cs}\p{Co}\u200B-\u200C\u200E-\u200F\u202A-\u202E\u2060-\u2069\uFEFF]/gu, "")
    .trim();
  const cut = line.length > maxLength ? `${[...line].slice(0, maxLength - 1).join("")}…` : line;
  return textFault(cut, maxLength * 2) === null ? cut : "";
}

/** `Steps (high noise)` → `steps_high_noise`; text without a letter or digit of ASCII gives "". */
export function snakeCase(text: string): string {
  const words = text
    .normalize("NFKD")
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "_")
    .replace(/^[_0-9]+|_+$/g, "");
  return words.slice(0, maxNameLength).replace(/_+$/, "");
}
