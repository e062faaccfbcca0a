import { z } from "zod";
import { AppError } from "../errors/app-error.ts";
import { parsePythonJson } from "../json/exact.ts";
import { unexpectedBody, unexpectedStatus } from "./backend-error.ts";
import type { ComfyHttp } from "./http-client.ts";
import { type ListedModel, measureModels, type ModelFolders } from "./model-disk.ts";
import { timeoutsMs } from "./timeouts.ts";

const doing = "it was asked for its models";
/** These list code and settings, not models. */
const otherFolders: ReadonlySet<string> = new Set(["configs", "custom_nodes"]);
/** ComfyUI answers one request at a time, and lists a folder for each. */
const foldersAtOnce = 4;

/** One model file of the host. */
export interface ModelFile {
  /** ComfyUI's folder for it: checkpoints, loras, vae … */
  readonly type: string;
  /** Path below that folder, as a loader node takes it. */
  readonly name: string;
  /** Bytes; null when neither ComfyUI nor the disk tells. */
  readonly size: number | null;
  /** Milliseconds since the epoch; null when neither ComfyUI nor the disk tells. */
  readonly modifiedAt: number | null;
}

const names = z.array(z.string());
const amount = z.number().nullish().catch(null);
/** `modified` is in seconds, with a fraction (comfyui-protocol.md §1.6). ComfyUI of late 2024 has `name` and `pathIndex` alone. */
const described = z.array(z.looseObject({ name: z.string(), pathIndex: z.int().nonnegative().nullish().catch(null), size: amount, modified: amount }));
const foldersByName = z.array(z.looseObject({ name: z.string(), folders: names }));
const foldersOfAll = z.record(z.string(), names);

async function ask<T>(http: ComfyHttp, path: string, schema: z.ZodType<T>): Promise<T | null> {
  const { status, text } = await http.call(path, { timeoutMs: timeoutsMs.query });
  if (status === 404) return null;
  if (status !== 200) throw unexpectedStatus(status, doing);
  try {
    return schema.parse(parsePythonJson(text));
  } catch (error) {
    throw unexpectedBody(doing, error);
  }
}

/** For what only some versions tell: null when it is not there, or is something else. */
async function askIfTold<T>(http: ComfyHttp, path: string, schema: z.ZodType<T>): Promise<T | null> {
  try {
    return await ask(http, path, schema);
  } catch (error) {
    if (error instanceof AppError) return null;
    throw error;
  }
}

async function modelsOf(http: ComfyHttp, type: string): Promise<readonly ListedModel[]> {
  const told = await askIfTold(http, `/api/experiment/models/${encodeURIComponent(type)}`, described);
  if (told !== null) {
    return told.map(({ name, size, modified, pathIndex }) => ({
      type,
      name,
      size: size ?? null,
      modifiedAt: modified === undefined || modified === null ? null : Math.round(modified * 1000),
      folderIndex: pathIndex ?? null,
    }));
  }
  const plain = await ask(http, `/api/models/${encodeURIComponent(type)}`, names);
  return (plain ?? []).map((name) => ({ type, name, size: null, modifiedAt: null, folderIndex: null }));
}

/** Where ComfyUI keeps its models; never to be told to callers. Empty when it does not tell. */
async function foldersOf(http: ComfyHttp): Promise<ModelFolders> {
  const byName = await askIfTold(http, "/api/experiment/models", foldersByName);
  if (byName !== null) return new Map(byName.map(({ name, folders }) => [name, folders]));
  // There is no such route below /api.
  return new Map(Object.entries((await askIfTold(http, "/internal/folder_paths", foldersOfAll)) ?? {}));
}

/**
 * Every model of the host, by folder in ComfyUI's order and then by name.
 *
 * @param onThisMachine whether the paths that ComfyUI names are paths of this machine: then the disk is asked for the
 * sizes that ComfyUI does not tell. On another machine the same path may be another file.
 */
export async function listModels(http: ComfyHttp, { onThisMachine }: { readonly onThisMachine: boolean }): Promise<readonly ModelFile[]> {
  const types = (await ask(http, "/api/models", names))?.filter((name) => !otherFolders.has(name)) ?? [];
  const listed: ListedModel[] = [];
  for (let at = 0; at < types.length; at += foldersAtOnce) {
    const lists = await Promise.all(types.slice(at, at + foldersAtOnce).map((type) => modelsOf(http, type)));
    listed.push(...lists.flat());
  }
  const measured = onThisMachine && listed.some(({ size }) => size === null) ? await measureModels(listed, await foldersOf(http)) : listed;
  return measured.map(({ type, name, size, modifiedAt }) => ({ type, name, size, modifiedAt }));
}
