/** First segments that the gateway serves itself, or may: a workflow there could not be reached. */
const reservedFamilies: ReadonlySet<string> = new Set([
  "v1", "v2", "api", "docs", "health", "ready", "metrics", "create", "comfyui", "openapi.json", "files", "jobs", "outputs",
  "models", "workflows", "ws", "static", "assets", "favicon.ico", "robots.txt", "internal", "admin",
]);

/** Segments are parts of a URL that need no escaping, and of a file name on every system. */
const segment = /^[A-Za-z0-9_-][A-Za-z0-9_.-]*$/;

/** A name longer than this is no name: ids stand in URLs, logs and the database. */
const maxIdLength = 200;

/** Why `id` cannot be a workflow's id, or null when it can. */
export function idFault(id: string): string | null {
  const segments = id.split("/");
  const [family] = segments;
  if (id.length > maxIdLength) return `The path is longer than ${maxIdLength} characters`;
  const wrong = segments.find((part) => !segment.test(part));
  if (wrong !== undefined) return `"${wrong}" cannot be part of a URL: use letters, digits, "_", "." and "-"`;
  if (family !== undefined && reservedFamilies.has(family.toLowerCase())) {
    return `"${family}" is a path of the gateway itself: rename the folder`;
  }
  if (segments.length < 2) return `A workflow stands in a folder that names its family, such as qwen/${id}; start the name of any other file with "_"`;
  return null;
}
