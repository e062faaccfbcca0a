import { join } from "node:path";
import { layBaseNode } from "./base-node.ts";
import { bundle } from "./bundle.ts";
import { pack } from "./pack.ts";

/**
 * Builds bin/comfyui-api from the sources and src/generated, with no network. Resolves its path.
 *
 * @param root folder of package.json
 */
export async function buildBinary(root: string): Promise<string> {
  const bundled = join(root, "dist", "server.cjs");
  const executable = join(root, "bin", "comfyui-api");
  const [base] = await Promise.all([layBaseNode(root), bundle({ root, outfile: bundled })]);
  await pack({ root, bundle: bundled, base, outfile: executable });
  return executable;
}
