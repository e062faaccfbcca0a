import { isLink, type Graph } from "./graph.ts";
import type { JsonValue } from "../json/exact.ts";

/** A string of a graph that may lead a node to where it has no business. */
export interface StrayPath {
  readonly nodeId: string;
  readonly classType: string;
  readonly input: string;
  readonly message: string;
}

/** Inputs of any node that are taken for the name of a file or folder. */
const pathInput = /(^|_)(file|files|filename|filenames|path|paths|dir|directory|folder|subfolder|prefix|image|images|mask|video|audio|model|model_file|mesh|ckpt|checkpoint|lora|vae|clip|unet|embedding|upload|url|uri)(_?\d+)?$|_name(_?\d+)?$|^name$/i;

/** Nodes that open or write something: every text of theirs is taken for a name, apart from free text. */
const fileNode = /load|save|import|export|open|read|write|download|fetch/i;
const freeText = /^(text|prompt|positive|negative|string|title|description|caption|note|comment|author|tags)(_?\d+)?$/i;

/** How the prompt of a picture opens a file of the embeddings folder (ComfyUI, sd1_clip.py). */
const embedding = /embedding:\s*([^\s,():]+)/gi;

/** `embedding:` and a name: a sampler, a number or a file's name is mostly shorter. */
const shortestEmbedding = 11;

/** Linux opens no longer name (PATH_MAX); a picture in base64 may begin with a slash. */
const maxPathLength = 4096;

/** The folder that holds every job's outputs and every caller's inputs. */
const ownFolder = /^\.?\/*comfyui-api(\/|$)/i;

const plainName = /^[a-z0-9_-]+$/i;

function escapes(text: string): string | null {
  const parts = text.split(/[\\/]/).map((part) => part.trim());
  if (parts.includes("..")) return "Paths with “..” are not taken";
  if (/^\s*(~|[\\/]|[A-Za-z]:)/.test(text)) return "Absolute paths are not taken; name the file as ComfyUI lists it, or upload it with POST /v1/files";
  if (/^\s*[a-z][a-z0-9+.-]*:\/\//i.test(text)) return "URLs are not taken here; upload the file with POST /v1/files";
  return /[\0-\x08\x0e-\x1f]/.test(text) ? "Control characters are not taken in the name of a file" : null;
}

function fault(input: string, text: string, known: ReadonlySet<string>): string | null {
  if (known.has(text)) return null;
  if (/\[(output|temp)\]\s*$/i.test(text)) return "Files of ComfyUI's output and temp folders belong to other jobs; upload the file with POST /v1/files";
  if (input === "filename_prefix" && text.includes("\\")) return "A file name prefix is written with “/”";
  if (input !== "filename_prefix" && ownFolder.test(text.trim().replaceAll("\\", "/"))) return "Files of this gateway are named file:{id}";
  return escapes(text);
}

function strayEmbedding(text: string): string | null {
  if (text.length < shortestEmbedding) return null;
  for (const [, name = ""] of text.matchAll(embedding)) {
    const found = escapes(name);
    if (found !== null) return found;
  }
  return null;
}

/** Neither a path nor a URL, whatever the input: most texts of a graph are the name of a sampler, a scheduler or a prefix. */
function isPlainName(text: string): boolean {
  return plainName.test(text) && !ownFolder.test(text);
}

function faultOf(classType: string, input: string, text: string, known: ReadonlySet<string>): string | null {
  if (isPlainName(text)) return null;
  const stray = strayEmbedding(text);
  if (stray !== null) return stray;
  const isPath = pathInput.test(input) || (fileNode.test(classType) && !freeText.test(input));
  if (text.length > maxPathLength) return null;
  // What has more than one line is a text, and no system opens it.
  return isPath && !/\n[^]/.test(text.trim()) ? fault(input, text, known) : null;
}

/** Of all texts in an input. */
function firstFault(classType: string, input: string, value: JsonValue | undefined, known: ReadonlySet<string>): string | null {
  if (typeof value === "string") return faultOf(classType, input, value, known);
  if (typeof value !== "object" || value === null || isLink(value)) return null;
  for (const part of Object.values(value)) {
    const found = firstFault(classType, input, part, known);
    if (found !== null) return found;
  }
  return null;
}

/**
 * The strings of a graph that a node may open or write and that leave ComfyUI's own folders, or lead to what belongs to
 * another job: `..`, absolute paths, URLs, the gateway's own folder, outputs. A text that is only read, such as a prompt,
 * may begin with a slash.
 *
 * @param known names of the job's own input files
 */
export function findStrayPaths(graph: Graph, known: ReadonlySet<string>): readonly StrayPath[] {
  const stray: StrayPath[] = [];
  for (const [nodeId, { class_type: classType, inputs }] of Object.entries(graph)) {
    for (const [input, value] of Object.entries(inputs)) {
      const message = firstFault(classType, input, value, known);
      if (message !== null) stray.push({ nodeId, classType, input, message });
    }
  }
  return stray;
}
