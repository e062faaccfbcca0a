import { copyFile, mkdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { layBaseNode } from "./base-node.ts";
import { bundle } from "./bundle.ts";
import { makePackingFolder, pack } from "./pack.ts";

export interface BuildBinary {
  /** Folder of package.json. */
  readonly root: string;
  /** What `--version` tells. */
  readonly commit?: string | undefined;
  /** Where the executable goes; its source map goes beside it. Default: bin/comfyui-api. */
  readonly outfile?: string;
}

/**
 * Builds the executable from the sources and src/generated, with no network, and its source map. The same sources,
 * lockfile and commit give the same bytes, in whatever folder. Resolves the path of the executable.
 */
export async function buildBinary({ root, commit, outfile = join(root, "bin", "comfyui-api") }: BuildBinary): Promise<string> {
  const folder = await makePackingFolder();
  try {
    const bundled = join(folder, "server.cjs");
    const [base] = await Promise.all([layBaseNode(root), bundle({ root, outfile: bundled, commit }), mkdir(dirname(outfile), { recursive: true })]);
    await pack({ root, bundle: bundled, base, outfile });
    const draft = `${outfile}.map.${process.pid}`;
    await copyFile(`${bundled}.map`, draft);
    await rename(draft, `${outfile}.map`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return outfile;
}
