import { z } from "zod";
import { AppError } from "../errors/app-error.ts";
import { parsePythonJson } from "../json/exact.ts";
import { unexpectedBody, unexpectedStatus } from "./backend-error.ts";
import type { ComfyHttp } from "./http-client.ts";
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
  /** Bytes; null when ComfyUI does not tell. */
  readonly size: number | null;
  /** Milliseconds since the epoch; null when ComfyUI does not tell. */
  readonly modifiedAt: number | null;
}

const folderNames = z.array(z.string());
const plainNames = z.array(z.string());
/** `modified` is in seconds, with a fraction (comfyui-protocol.md §1.8). */
const described = z.array(z.looseObject({ name: z.string(), size: z.number().nullish().catch(null), modified: z.number().nullish().catch(null) }));

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

/** An older ComfyUI has no sizes: `/experiment` is not there, or answers something else. */
async function describedModels(http: ComfyHttp, type: string): Promise<readonly ModelFile[] | null> {
  try {
    const found = await ask(http, `/api/experiment/models/${encodeURIComponent(type)}`, described);
    return found?.map(({ name, size, modified }) => ({ type, name, size: size ?? null, modifiedAt: modified === undefined || modified === null ? null : Math.round(modified * 1000) })) ?? null;
  } catch (error) {
    if (error instanceof AppError) return null;
    throw error;
  }
}

async function modelsOf(http: ComfyHttp, type: string): Promise<readonly ModelFile[]> {
  const withSizes = await describedModels(http, type);
  if (withSizes !== null) return withSizes;
  const names = await ask(http, `/api/models/${encodeURIComponent(type)}`, plainNames);
  return (names ?? []).map((name) => ({ type, name, size: null, modifiedAt: null }));
}

/** Every model of the host, by folder in ComfyUI's order and then by name. */
export async function listModels(http: ComfyHttp): Promise<readonly ModelFile[]> {
  const folders = (await ask(http, "/api/models", folderNames))?.filter((name) => !otherFolders.has(name)) ?? [];
  const found: ModelFile[] = [];
  for (let at = 0; at < folders.length; at += foldersAtOnce) {
    const lists = await Promise.all(folders.slice(at, at + foldersAtOnce).map((type) => modelsOf(http, type)));
    found.push(...lists.flat().map((model) => model));
  }
  return found;
}
