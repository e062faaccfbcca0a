import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { promisify } from "node:util";
import { gunzip, gzip } from "node:zlib";
import { parseCatalog, type Catalog, type CatalogNote } from "../graph/catalog.ts";
import { parsePythonJson } from "../json/exact.ts";
import { CatalogFault } from "./catalog-fault.ts";

const inflate = promisify(gunzip);
const deflate = promisify(gzip);

/**
 * Of a catalog's text. A ComfyUI with 100 packs and thousands of model files answers some 20 MB; a file that inflates
 * to more than this is none.
 */
const maxCatalogBytes = 256 * 2 ** 20;

export interface ReadCatalog {
  readonly catalog: Catalog;
  readonly notes: readonly CatalogNote[];
}

/**
 * @param text as GET /object_info answers it
 * @throws {CatalogFault} when it is not JSON or holds no node class
 */
export function readCatalog(text: string): ReadCatalog {
  let parsed: unknown;
  try {
    parsed = parsePythonJson(text);
  } catch (cause) {
    throw new CatalogFault("The catalog is not JSON.", { cause });
  }
  const read = parseCatalog(parsed);
  if (read.catalog.classes.size > 0) return read;
  throw new CatalogFault("The catalog holds no node class: it must be what ComfyUI answers at /object_info.");
}

function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/**
 * The text of a `.json` or `.json.gz` file; which of both is told by its content.
 *
 * @throws {CatalogFault} when it cannot be inflated
 * @throws what reading throws, with the system's code
 */
export async function readCatalogText(path: string): Promise<string> {
  const bytes = await readFile(path);
  if (!isGzip(bytes)) return bytes.toString("utf8").replace(/^\uFEFF/, "");
  try {
    return (await inflate(bytes, { maxOutputLength: maxCatalogBytes })).toString("utf8");
  } catch (cause) {
    throw new CatalogFault("The catalog cannot be inflated: it is damaged or far too large.", { cause });
  }
}

/** Written beside its place and moved there, so that a crash leaves no half of it. */
export async function writeCatalogText(path: string, text: string): Promise<void> {
  const draft = `${path}.new`;
  await mkdir(dirname(path), { recursive: true });
  await rm(draft, { force: true });
  const handle = await open(draft, "wx");
  try {
    await handle.writeFile(await deflate(text));
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(draft, path);
}
