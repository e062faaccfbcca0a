import { lstat, readlink, realpath } from "node:fs/promises";
import { dirname, isAbsolute, join, normalize, relative, resolve } from "node:path";
import type { ModelFile } from "./model-list.ts";

/** ComfyUI's folders of each type, in the order in which it looks a name up. */
export type ModelFolders = ReadonlyMap<string, readonly string[]>;

/** A model as ComfyUI lists it. */
export interface ListedModel extends ModelFile {
  /** Which of its type's folders it lies in; null when ComfyUI does not tell. */
  readonly folderIndex: number | null;
}

/** Half of the threads that the outputs of jobs are written with: a network disk that hangs leaves them the others. */
const looksAtOnce = 2;
/** A link to a link to a link: more of them is a circle. */
const mostLinks = 8;

interface Folder {
  /** As ComfyUI writes it. */
  readonly named: string;
  /** Without links. */
  readonly real: string;
}

interface Measure {
  readonly size: number;
  readonly modifiedAt: number;
}

/**
 * Adds what the disk tells to models of which ComfyUI tells no size. Nothing outside the model folders is looked at,
 * whatever a model is called and wherever links lead; a file that cannot be looked at stays without a size.
 */
export async function measureModels(models: readonly ListedModel[], folders: ModelFolders): Promise<readonly ListedModel[]> {
  const known = await findFolders([...new Set([...folders.values()].flat())]);
  const measured = [...models];
  const turns = models.entries();
  const looker = async (): Promise<void> => {
    for (const [at, model] of turns) {
      if (model.size !== null) continue;
      const found = await measureModel(model, folders.get(model.type) ?? [], known);
      if (found !== null) measured[at] = { ...model, size: found.size, modifiedAt: model.modifiedAt ?? found.modifiedAt };
    }
  };
  await Promise.all(Array.from({ length: looksAtOnce }, looker));
  return measured;
}

async function findFolders(paths: readonly string[]): Promise<readonly Folder[]> {
  const found: Folder[] = [];
  for (const path of paths) {
    // All of the disk is no folder of models.
    if (!isAbsolute(path) || path.includes("\0") || normalize(path) === "/") continue;
    const real = await unlessDenied(realpath(path));
    if (real !== null && real !== "/") found.push({ named: resolve(path), real });
  }
  return found;
}

async function measureModel({ name, folderIndex }: ListedModel, ofType: readonly string[], known: readonly Folder[]): Promise<Measure | null> {
  const parts = name.split("/");
  // Also an absolute path, whose first part is empty.
  if (name.includes("\0") || parts.some((part) => part === "" || part === "." || part === "..")) return null;
  const candidates = folderIndex === null ? ofType : ofType.slice(folderIndex, folderIndex + 1);
  for (const folder of candidates) {
    const root = known.find(({ named }) => named === resolve(folder));
    const found = root === undefined ? null : await unlessDenied(walk(root.real, parts, known, mostLinks));
    if (found !== null) return found;
  }
  return null;
}

/** Goes down from a model folder step by step, so that a link is seen before it is followed. */
async function walk(root: string, parts: readonly string[], known: readonly Folder[], linksLeft: number): Promise<Measure | null> {
  let at = root;
  for (const [index, part] of parts.entries()) {
    at = join(at, part);
    const seen = await lstat(at);
    if (seen.isSymbolicLink()) {
      const target = resolve(dirname(at), await readlink(at), ...parts.slice(index + 1));
      const inside = linksLeft === 0 ? null : placeIn(known, target);
      return inside === null ? null : walk(inside.root, inside.parts, known, linksLeft - 1);
    }
    if (index === parts.length - 1) return seen.isFile() ? { size: seen.size, modifiedAt: Math.round(seen.mtimeMs) } : null;
  }
  return null;
}

/** Where a path lies below one of the folders, or null. */
function placeIn(known: readonly Folder[], path: string): { readonly root: string; readonly parts: readonly string[] } | null {
  for (const { named, real } of known) {
    for (const base of [named, real]) {
      const below = relative(base, path).split("/");
      if (below[0] !== "" && below[0] !== "..") return { root: real, parts: below };
    }
  }
  return null;
}

/** null for whatever the system does not let this user see: it is not there, may not be read, or its disk is away. */
async function unlessDenied<T>(looked: Promise<T>): Promise<T | null> {
  try {
    return await looked;
  } catch (error) {
    if (error instanceof Error && "syscall" in error) return null;
    throw error;
  }
}
