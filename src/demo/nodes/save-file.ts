import { stringifyJson, type JsonObject } from "../../json/exact.ts";
import { encodePng } from "../drawing/png.ts";
import type { FileTree, FolderType } from "../file-tree.ts";
import { cacheFingerprints } from "./load-image.ts";
import type { NodeRun } from "../node-run.ts";
import { numberedName, savePath } from "../save-path.ts";
import type { Raster } from "../values.ts";

/** A file as UI dictionaries name it. */
function fileItem(filename: string, subfolder: string, type: FolderType): JsonObject {
  return { filename, subfolder, type };
}

export function store(files: FileTree, type: FolderType, subfolder: string, filename: string, bytes: Uint8Array): JsonObject {
  files.write(type, subfolder === "" ? filename : `${subfolder}/${filename}`, bytes);
  return fileItem(filename, subfolder, type);
}

/** What ComfyUI puts into the PNGs it saves: the graph, with the fingerprints of its loaders, and what the front end sent along. */
function pngTexts(run: NodeRun): ReadonlyMap<string, string> {
  const texts = new Map([["prompt", stringifyJson(cacheFingerprints(run.prompt, run.files))]]);
  for (const [key, value] of Object.entries(run.extraPnginfo ?? {})) if (value !== undefined) texts.set(key, stringifyJson(value));
  return texts;
}

/** Saves each picture as a PNG with the next free number. */
export async function savePictures(
  run: NodeRun,
  frames: readonly Raster[],
  params: { readonly prefix: string; readonly type: FolderType },
): Promise<readonly JsonObject[]> {
  const { width = 0, height = 0 } = frames[0] ?? {};
  const { subfolder, name, counter } = savePath(run.files, params.type, params.prefix, { width, height });
  const texts = pngTexts(run);
  const items: JsonObject[] = [];
  // Frames of a batch are often one and the same picture.
  const encoded = new Map<Raster, Buffer>();
  for (const [index, frame] of frames.entries()) {
    const bytes = encoded.get(frame) ?? (await encodePng(frame, texts));
    encoded.set(frame, bytes);
    const filename = numberedName(name.replaceAll("%batch_num%", String(index)), counter + index, "png");
    items.push(store(run.files, params.type, subfolder, filename, bytes));
  }
  return items;
}
