import { join } from "node:path";
import { CatalogStore, keptCatalogName, type CurrentCatalog } from "../../catalog/catalog-store.ts";
import type { Config } from "../../config/config.ts";
import { silentLogger } from "../../telemetry/logger.ts";

export interface OpenedCatalog extends Pick<CurrentCatalog, "catalog"> {
  /** Where it is from, for people. */
  readonly told: string;
}

const sources = {
  file: "the catalog that was named",
  kept: "the catalog of the gateway's ComfyUI",
  live: "the catalog of the gateway's ComfyUI",
  core: "the core nodes alone; name a --catalog that has the custom ones",
} as const;

/**
 * The catalog that the gateway would begin with.
 *
 * @throws {CatalogFault} when a file was named that is none
 */
export async function openCatalog({ catalogFile, dataDir }: Config): Promise<OpenedCatalog> {
  const store = await CatalogStore.open({ file: catalogFile, keptAs: join(dataDir, keptCatalogName), logger: silentLogger });
  const { catalog, source } = store.current;
  return { catalog, told: sources[source] };
}
