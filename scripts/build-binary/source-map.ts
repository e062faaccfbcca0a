import { readFile, writeFile } from "node:fs/promises";
import { basename, dirname, relative, resolve } from "node:path";
import { z } from "zod";

const mapSchema = z.object({ version: z.literal(3), sources: z.array(z.string()), names: z.array(z.string()), mappings: z.string() });

/**
 * Names the sources of the map from the project's root (`src/app.ts`, `node_modules/zod/…`), wherever the map was
 * written to: nothing in it tells where the build took place.
 */
export async function nameSourcesFromRoot(file: string, root: string): Promise<void> {
  const map = mapSchema.parse(JSON.parse(await readFile(file, "utf8")));
  await writeFile(file, JSON.stringify({ ...map, sources: map.sources.map((source) => nameFromRoot(source, dirname(file), root)) }));
}

function nameFromRoot(source: string, folder: string, root: string): string {
  // A package that is bundled itself brings its own map, with names that its bundler made up, such as `umd:codec`.
  if (/^[\w-]+:/.test(source)) return source;
  const name = relative(root, resolve(folder, source));
  return name.startsWith("..") ? basename(source) : name;
}
