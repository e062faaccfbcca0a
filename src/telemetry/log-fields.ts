export type LogValue = string | number | boolean | null | readonly LogValue[] | { readonly [name: string]: LogValue };

/** Names of fields whose values are never written, in whatever spelling. */
const secretName = /authorization|cookie|password|passphrase|secret|token|api[_-]?key|credential|signature/i;
/** `user:password@` in a URL, and the key of a header that was quoted in a message. */
const userInUrl = /(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/@:]*:[^\s/@]*@/gi;
const bearer = /\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}/gi;
const hidden = "***";

/** Deep enough for an error with its causes; deeper is a mistake, or a circle. */
const maxDepth = 8;
/** A line is for people: no field of it fills a screen. */
const maxTextLength = 8_000;
const maxItems = 100;

function cleanText(text: string): string {
  const short = text.length > maxTextLength ? `${text.slice(0, maxTextLength)}… (${text.length} characters)` : text;
  return short.replace(userInUrl, `$1${hidden}@`).replace(bearer, `$1 ${hidden}`);
}

/** With its causes: the messages in one, outermost first, as a reader wants them, then each stack. */
function errorFields(error: Error, depth: number): LogValue {
  const cause = error.cause instanceof Error ? errorFields(error.cause, depth + 1) : undefined;
  const causeMessage = error.cause instanceof Error && typeof cause === "object" && cause !== null && "message" in cause ? cause["message"] : undefined;
  const own = Object.fromEntries(Object.entries(error).filter(([name]) => name !== "cause" && name !== "stack" && name !== "message"));
  return {
    type: error.constructor.name,
    message: cleanText(typeof causeMessage === "string" ? `${error.message}: ${causeMessage}` : error.message),
    stack: cleanText(error.stack ?? ""),
    ...fieldsOf(own, depth + 1),
    ...(error.cause === undefined || cause === undefined ? {} : { cause }),
  };
}

function valueOf(value: unknown, depth: number): LogValue {
  if (value === null || value === undefined) return null;
  if (typeof value === "string") return cleanText(value);
  if (typeof value === "number" || typeof value === "boolean") return value;
  if (typeof value === "bigint") return value.toString();
  if (typeof value !== "object") return `[${typeof value}]`;
  if (depth >= maxDepth) return "[deeper]";
  if (value instanceof Error) return errorFields(value, depth);
  if (value instanceof Date) return value.toISOString();
  if (value instanceof URL) return cleanText(value.href);
  if (value instanceof Uint8Array) return `[${value.byteLength} bytes]`;
  if (Array.isArray(value)) return value.slice(0, maxItems).map((item) => valueOf(item, depth + 1));
  return fieldsOf(value, depth + 1);
}

function fieldsOf(fields: object, depth: number): Record<string, LogValue> {
  const shown = Object.entries(fields).slice(0, maxItems);
  return Object.fromEntries(shown.map(([name, value]) => [name, secretName.test(name) ? hidden : valueOf(value, depth)]));
}

/** What may stand in a log line: plain values, errors with their causes, and nothing that opens a door. */
export function logFields(fields: Readonly<Record<string, unknown>>): Record<string, LogValue> {
  return fieldsOf(fields, 0);
}
