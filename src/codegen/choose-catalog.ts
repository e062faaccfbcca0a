import type { Catalog } from "../graph/catalog.ts";
import { coreCatalog, coreCatalogSource } from "../graph/core-catalog.ts";
import { fetchCatalog } from "./verify/ask-comfyui.ts";

export interface ChosenCatalog {
  readonly catalog: Catalog;
  /** Where it comes from, for people. */
  readonly source: string;
}

/**
 * The catalog of the ComfyUI at `url`, else that of the core nodes, which is always there.
 *
 * @throws {ComfyuiFailure} when the ComfyUI does not answer
 */
export async function chooseCatalog(url: string | null, signal: AbortSignal): Promise<ChosenCatalog> {
  if (url !== null) return { catalog: await fetchCatalog(url, signal), source: `the ComfyUI at ${url}` };
  return { catalog: coreCatalog(), source: `the core nodes of ComfyUI ${coreCatalogSource.comfyuiVersion}` };
}
