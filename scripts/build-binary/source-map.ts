import { readFile, writeFile } from "node:fs/promises";
import { dirname, relative, resolve } from "node:path";
import { z } from "zod";

const mapSchema = z.object({ version: z.literal(3), sources: z.array(z.string()), names: z.array(z.string()), mappings: z.string() });

/**
 * Names the sources of the map from the project's root (`src/app.ts`, `node_modules/zod/…`), wherever the map was
 * written to: nothing in it tells where the build took place.
 *
 * @throws {Error} when a source lies outside of the root
 */
export async function nameSourcesFromRoot(file: string, root: string): Promise<void> {
  const map = mapSchema.parse(JSON.parse(await readFile(file, "utf8")));
  const sources = map.sources.map((source) => relative(root, resolve(dirname(file), source)));
  const outside = sources.find((source) => source.startsWith(".."));
  if (outside !== undefined) throw new Error(`The source map names ${outside}, which is not below the project's root.`);
  await writeFile(file, JSON.stringify({ ...map, sources }));
}
