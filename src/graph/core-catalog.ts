import { brotliDecompressSync } from "node:zlib";
import { parseJson } from "../json/exact.ts";
import { parseCatalog, type Catalog } from "./catalog.ts";
import { comfyuiVersion, packedClasses, readOn } from "./core-catalog/data.ts";

/** Which ComfyUI the built-in catalog is of. */
export const coreCatalogSource = { comfyuiVersion, readOn } as const;

/**
 * The node classes that come with ComfyUI itself, for work without a running one. Lists of files are empty, and
 * there are no descriptions and no classes that run on Comfy's paid servers.
 *
 * Unpacks and parses on every call, some 20 ms: keep the result.
 */
export function coreCatalog(): Catalog {
  return parseCatalog(parseJson(brotliDecompressSync(Buffer.from(packedClasses, "base64")).toString("utf8"))).catalog;
}
