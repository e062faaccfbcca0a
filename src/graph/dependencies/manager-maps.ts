import { isRecord, textOf } from "../catalog/json-shape.ts";

/** ComfyUI-Manager's knowledge of node packs (comfyui-protocol.md §5.5). */
export interface NodeMap {
  /** Repositories by class name, in the order of the map. */
  readonly repositories: ReadonlyMap<string, readonly string[]>;
  /** Classes that one repository claims whatever others list. */
  readonly preemptions: ReadonlyMap<string, string>;
  readonly patterns: readonly { readonly pattern: RegExp; readonly repository: string }[];
}

export interface ListedModel {
  /** Below `models`, with subfolders; `default` and unknown places are left to the type. */
  readonly folder: string | undefined;
  readonly url: string;
}

/** ComfyUI-Manager's model list, by file name without folders, in lower case. */
export type ModelList = ReadonlyMap<string, readonly ListedModel[]>;

/** Ids of packs in Comfy's registry, by repository. */
export type PackList = ReadonlyMap<string, string>;

/** Everything that ComfyUI-Manager says, as data; each part may be missing. */
export interface ManagerMaps {
  readonly nodeMap?: NodeMap | undefined;
  readonly models?: ModelList | undefined;
  readonly packs?: PackList | undefined;
}

/** The longest pattern known has 60 characters. */
const maxPatternLength = 200;
/** A repetition of a group that repeats may take forever on a name that nearly fits. */
const repeatsRepetition = /[+*}]\)?[^()]*\)[+*{]/;

export const coreRepository = "https://github.com/comfyanonymous/ComfyUI";

/** One spelling for one repository. */
export function repositoryKey(url: string): string {
  return url.trim().toLowerCase().replace(/\.git$/, "").replace(/\/+$/, "");
}

/** `undefined` for anything but a web address: maps and exports come from strangers. */
export function webAddress(value: unknown): string | undefined {
  return typeof value === "string" && /^https?:\/\/[^\s/]+\/\S*$/i.test(value) ? value : undefined;
}

function patternOf(text: unknown): RegExp | undefined {
  if (typeof text !== "string" || text === "" || text.length > maxPatternLength || repeatsRepetition.test(text)) return undefined;
  try {
    return new RegExp(text);
  } catch (error) {
    // A pattern of Python's that JavaScript has no equal of.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function stringsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((member) => typeof member === "string") : [];
}

/** Parses `extension-node-map.json`. Entries that make no sense are left out; never throws. */
export function parseNodeMap(json: unknown): NodeMap {
  const repositories = new Map<string, string[]>();
  const preemptions = new Map<string, string>();
  const patterns: { pattern: RegExp; repository: string }[] = [];
  for (const [repository, entry] of isRecord(json) ? Object.entries(json) : []) {
    if (!Array.isArray(entry) || webAddress(repository) === undefined) continue;
    const parts: readonly unknown[] = entry;
    for (const name of new Set(stringsOf(parts[0]))) {
      const list = repositories.get(name);
      if (list === undefined) repositories.set(name, [repository]);
      else list.push(repository);
    }
    const about = isRecord(parts[1]) ? parts[1] : {};
    for (const name of stringsOf(about["preemptions"])) if (!preemptions.has(name)) preemptions.set(name, repository);
    const pattern = patternOf(about["nodename_pattern"]);
    if (pattern !== undefined) patterns.push({ pattern, repository });
  }
  return { repositories, preemptions, patterns };
}

/** Where the list's `default` puts a file, by the type it states. */
const defaultFolders: ReadonlyMap<string, string> = new Map([
  ["checkpoint", "checkpoints"], ["unclip", "checkpoints"], ["lora", "loras"], ["vae", "vae"], ["taesd", "vae_approx"], ["controlnet", "controlnet"],
  ["t2i-adapter", "controlnet"], ["t2i-style", "controlnet"], ["upscale", "upscale_models"], ["clip", "text_encoders"], ["clip_vision", "clip_vision"],
  ["gligen", "gligen"], ["embedding", "embeddings"], ["diffusion_model", "diffusion_models"], ["unet", "diffusion_models"],
]);

/** Parses `model-list.json`. Entries without a file name or an address are left out; never throws. */
export function parseModelList(json: unknown): ModelList {
  const list = new Map<string, ListedModel[]>();
  const entries: readonly unknown[] = isRecord(json) && Array.isArray(json["models"]) ? json["models"] : [];
  for (const entry of entries) {
    if (!isRecord(entry)) continue;
    const name = textOf(entry["filename"]);
    const url = webAddress(entry["url"]);
    if (name === undefined || url === undefined) continue;
    const path = textOf(entry["save_path"]) ?? "default";
    const folder = path === "default" ? defaultFolders.get((textOf(entry["type"]) ?? "").toLowerCase()) : path;
    const key = name.toLowerCase();
    const known = list.get(key);
    if (known === undefined) list.set(key, [{ folder, url }]);
    else known.push({ folder, url });
  }
  return list;
}

/** Parses `custom-node-list.json` for the ids of packs; never throws. */
export function parsePackList(json: unknown): PackList {
  const list = new Map<string, string>();
  const entries: readonly unknown[] = isRecord(json) && Array.isArray(json["custom_nodes"]) ? json["custom_nodes"] : [];
  for (const entry of entries) {
    if (!isRecord(entry)) continue;
    const id = textOf(entry["id"]);
    const repository = webAddress(entry["reference"]);
    if (id !== undefined && repository !== undefined && !list.has(repositoryKey(repository))) list.set(repositoryKey(repository), id);
  }
  return list;
}
