import { isJsonObject, type JsonObject, type JsonValue } from "../json/exact.ts";
import type { UiFile } from "./history.ts";

/** Deeper than any node nests its outputs; a bound against a value made to exhaust the stack. */
const maxDepth = 16;
/** One run of a node saves a file per image of a batch; a hundred thousand is beyond any batch. */
const maxFiles = 100_000;

/** Keys under which nodes put strings that are results (comfyui-protocol.md §1.4). */
const textKeys = new Set(["text", "texts", "string", "strings"]);

function isList(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}

/** The same for the same file only: no name of a file has a slash, and no type has one. */
export function fileKey({ type, subfolder, filename }: UiFile): string {
  return `${type}/${subfolder}/${filename}`;
}

function joined(folder: string, inner: string): string {
  if (folder === "" || inner === "") return folder + inner;
  return `${folder}/${inner}`;
}

/**
 * The file an object names, if it does. `type` may be missing: ComfyUI's own default is `output`. A folder in
 * `filename` goes into `subfolder`, because /view drops it and would serve another file (comfyui-protocol.md §1.5).
 */
function fileOf(value: JsonObject): UiFile | null {
  const { filename, subfolder, type = "output" } = value;
  if (typeof filename !== "string") return null;
  if (type !== "output" && type !== "temp" && type !== "input") return null;
  const slash = filename.lastIndexOf("/");
  const name = filename.slice(slash + 1);
  if (name === "") return null;
  return { filename: name, subfolder: joined(typeof subfolder === "string" ? subfolder : "", filename.slice(0, Math.max(slash, 0))), type };
}

function collectFiles(value: JsonValue | undefined, found: Map<string, UiFile>, depth: number): void {
  if (depth > maxDepth || found.size >= maxFiles) return;
  if (isList(value)) {
    for (const item of value) collectFiles(item, found, depth + 1);
    return;
  }
  if (!isJsonObject(value)) return;
  const file = fileOf(value);
  if (file === null) {
    for (const item of Object.values(value)) collectFiles(item, found, depth + 1);
    return;
  }
  const key = fileKey(file);
  if (!found.has(key)) found.set(key, file);
}

/** The strings in nested lists of strings; null when anything else but null is among them. */
function stringsOf(value: JsonValue | undefined, depth: number): string[] | null {
  if (typeof value === "string") return [value];
  if (value === null) return [];
  if (!isList(value) || depth > maxDepth) return null;
  const parts = value.map((item) => stringsOf(item, depth + 1));
  return parts.every((part) => part !== null) ? parts.flat() : null;
}

/**
 * Texts stand directly in the UI dictionary under a key that means text, as strings or lists of nothing but
 * strings. Strings elsewhere are not results: they are formats, file paths for a viewer, states of widgets.
 */
function collectTexts(value: JsonValue, texts: string[], depth: number): void {
  if (depth > maxDepth) return;
  if (isList(value)) {
    for (const item of value) collectTexts(item, texts, depth + 1);
    return;
  }
  if (!isJsonObject(value) || fileOf(value) !== null) return;
  for (const [key, item] of Object.entries(value)) {
    if (textKeys.has(key.toLowerCase())) texts.push(...(stringsOf(item, 0) ?? []));
  }
}

/**
 * What a node produced, read from its UI dictionary. Files are found by their `filename`, under any key, at any
 * depth, whatever else stands beside them; the same file named twice counts once. Never throws.
 *
 * @param ui `outputs[nodeId]` of the history, or `output` of an `executed` event: any JSON
 */
export function filesAndTexts(ui: JsonValue): { readonly files: readonly UiFile[]; readonly texts: readonly string[] } {
  const files = new Map<string, UiFile>();
  const texts: string[] = [];
  collectFiles(ui, files, 0);
  collectTexts(ui, texts, 0);
  return { files: [...files.values()], texts };
}
