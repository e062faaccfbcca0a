import { copyFile, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { asFunction, assetNames } from "../../src/executable/program-assets.ts";
import { layBaseNode } from "./base-node.ts";
import { bundle, bundleLoader } from "./bundle.ts";
import { writeCompiledProgram } from "./compiled-program.ts";
import { nodeFlags } from "./node-flags.ts";
import { oneByteText } from "./one-byte-text.ts";
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
    const main = join(folder, "main.cjs");
    const text = join(folder, assetNames.text);
    const compiled = join(folder, assetNames.compiled);
    const [base] = await Promise.all([
      layBaseNode(root),
      bundle({ root, outfile: bundled, commit }),
      bundleLoader({ root, outfile: main }),
      mkdir(dirname(outfile), { recursive: true }),
    ]);
    await writeFile(text, asFunction(oneByteText(await readFile(bundled, "utf8"))));
    await writeCompiledProgram({ node: base.path, flags: nodeFlags, text, outfile: compiled });
    await pack({ root, base, main, assets: { [assetNames.text]: text, [assetNames.compiled]: compiled }, flags: nodeFlags, outfile });
    const draft = `${outfile}.map.${process.pid}`;
    await copyFile(`${bundled}.map`, draft);
    await rename(draft, `${outfile}.map`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return outfile;
}
